"""The counts of the graphs beside the numbers that the papers print."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from models.count import count, nodes
from models.networks import NETWORKS
from models.paper_tables import ERRATA, TABLES, Column, Erratum


@dataclass(frozen=True)
class Comparison:
    """One printed number: the plain count, the count by the table's own rule, and what is known about it."""

    table: str
    network: str
    column: str
    unit: int
    printed: str
    plain: int
    counted: int
    erratum: Erratum | None

    @property
    def rounded(self) -> str:
        """The count by the table's rule, rounded to the printed digits."""
        digits = Decimal(self.printed)
        return str((Decimal(self.counted) / self.unit).quantize(digits, ROUND_HALF_UP))

    @property
    def difference(self) -> int:
        """Printed minus counted; within half a printed digit unless the paper is off."""
        return int(Decimal(self.printed) * self.unit) - self.counted


def compare() -> Iterator[Comparison]:
    """Every printed number of every table, in the papers' order."""
    errata = {(erratum.network, erratum.column): erratum for erratum in ERRATA}
    for table in TABLES:
        for network in table.params.printed:
            graph = NETWORKS[network].skeleton()
            counts, graph_nodes = count(graph), nodes(graph)
            for name, column, plain in (
                ("params", table.params, counts.params),
                ("macs", table.macs, counts.macs),
            ):
                yield Comparison(
                    table=table.title,
                    network=network,
                    column=name,
                    unit=column.unit,
                    printed=column.printed[network],
                    plain=plain,
                    counted=plain + sum(correction.value(graph_nodes) for correction in column.corrections),
                    erratum=errata.get((network, name)),
                )


def report() -> Iterator[str]:
    """The comparison as lines of text: a heading and the rules for each table, then its rows."""
    columns = {table.title: {"params": table.params, "macs": table.macs} for table in TABLES}
    title = None
    for row in compare():
        if row.table != title:
            title = row.table
            yield from _heading(title, columns[title])
        note = f"  off by {row.difference:+,}: {row.erratum.reason}" if row.erratum else ""
        yield (
            f"  {row.network:<14}{row.column:<8}{row.plain:>15,}{row.counted:>15,}"
            f"{row.rounded:>10}{row.printed:>10}{note}"
        )


def _heading(title: str, columns: dict[str, Column]) -> Iterator[str]:
    yield title
    for name, column in columns.items():
        for correction in column.corrections:
            yield f"  {name}, {correction.name}: {correction.reason}"
    yield f"  {'network':<14}{'':<8}{'plain count':>15}{'by its rule':>15}{'rounded':>10}{'printed':>10}"
