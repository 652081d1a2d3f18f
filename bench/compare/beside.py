"""An earlier run beside this one: what more threads, or more images at once, gain Convoy."""

from compare.row import FORMAT, NetworkRow
from harness import results
from harness.engines import SUBJECT
from harness.stats import geomean
from harness.table import Column, number


def read(path):
    """What a report keeps of the run in a JSON file, among its options: its conditions and the time of an image."""
    other = results.load(path, FORMAT, NetworkRow)
    threads, batch = other.options["threads"], other.options["batch"]
    return {"run": f"{threads} thread{'s' * (threads > 1)}, batch {batch}",
            "image_ms": {row.name: row.time(SUBJECT) / batch for row in other.rows if row.time(SUBJECT)}}


def _gain(report, row):
    """Images a second here over those there; None where one of them is not known."""
    there, here = report.options["beside"]["image_ms"].get(row.name), row.time(SUBJECT)
    return there * report.options["batch"] / here if there and here else None


def columns(report):
    """The column of a report with another beside it."""
    if "beside" not in report.options:
        return []
    title = f"vs {report.options['beside']['run']}"
    return [Column("", title, len(title), lambda row: number(_gain(report, row), 2))]


def lines(report):
    """The gain of all networks together."""
    if "beside" not in report.options:
        return []
    gains = {row.name: gain for row in report.rows if (gain := _gain(report, row))}
    if not gains:
        return []
    worst = min(gains, key=gains.get)
    return [f"Convoy's images a second over those with {report.options['beside']['run']}: geometric mean "
            f"{geomean(gains.values()):.2f}x, least {gains[worst]:.2f}x ({worst})."]
