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
    """The columns of a report with another beside it: the gain, and with threads how many times the fastest processor
    all of them were worth."""
    if "beside" not in report.options:
        return []
    title = f"vs {report.options['beside']['run']}"
    made = [Column("", title, len(title), lambda row: number(_gain(report, row), 2))]
    if report.options["threads"] > 1:
        made.append(Column("", "CPUs", 5, lambda row: number(sum(row.cpu_speeds) if row.cpu_speeds else None, 2)))
    return made


def lines(report):
    """The gain of all networks together, and what it is of what the processors allowed."""
    if "beside" not in report.options:
        return []
    gains = {row.name: gain for row in report.rows if (gain := _gain(report, row))}
    if not gains:
        return []
    worst = min(gains, key=gains.get)
    told = [f"Convoy's images a second over those with {report.options['beside']['run']}: geometric mean "
            f"{geomean(gains.values()):.2f}x, least {gains[worst]:.2f}x ({worst})."]
    shares = {row.name: gains[row.name] / sum(row.cpu_speeds) for row in report.rows if row.name in gains and row.cpu_speeds}
    if not shares:
        return told
    worst = min(shares, key=shares.get)
    return told + [f"Of what the processors were worth together: geometric mean {geomean(shares.values()):.0%}, "
                   f"least {shares[worst]:.0%} ({worst})."]
