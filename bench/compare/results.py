"""What was measured, and its JSON form."""

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from compare.errors import UserError

FORMAT = "convoy-compare-1"


@dataclass
class Row:
    """One network. `status` is ok, wrong (outputs differ) or failed, both with a `reason`.

    `engines` maps an engine's name to {setting, error, min_ms, median_ms, p90_ms, count}; the
    times are missing where the network was not measured.
    """

    name: str
    family: str
    variant: str
    macs: int | None = None
    params: int | None = None
    status: str = "ok"
    reason: str = ""
    compile_s: float | None = None
    library_bytes: int | None = None
    rounds: int = 0
    engines: dict = field(default_factory=dict)

    def time(self, engine, key="median_ms"):
        """One time of an engine in ms, or None."""
        return self.engines.get(engine, {}).get(key)


@dataclass
class Report:
    """All rows and the conditions they were measured under."""

    date: str
    machine: dict
    versions: dict
    options: dict
    engines: list
    rows: list = field(default_factory=list)
    complete: bool = False


def _build(kind, data, source):
    """A dataclass from a dictionary with exactly its fields."""
    expected = {entry.name for entry in fields(kind)}
    if not isinstance(data, dict) or set(data) != expected:
        found = sorted(data) if isinstance(data, dict) else type(data).__name__
        raise UserError(f"{source}: a {kind.__name__.lower()} with {found}, expected {sorted(expected)}")
    return kind(**data)


def save(report, path):
    """Writes the JSON so that an interrupted write leaves the previous file whole."""
    path = Path(path)
    data = {"format": FORMAT, **asdict(report)}
    partial = path.with_name(path.name + ".part")
    partial.write_text(json.dumps(data, indent=1, allow_nan=False) + "\n")
    os.replace(partial, path)


def load(path):
    """The Report that `save` wrote."""
    try:
        data = json.loads(Path(path).read_text())
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}, expected a JSON file that compare.py wrote") from None
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error}), expected a file that compare.py wrote") from None
    found = data.pop("format", None) if isinstance(data, dict) else None
    if found != FORMAT:
        raise UserError(f"{path}: format {found!r}, expected {FORMAT!r}")
    report = _build(Report, data, path)
    report.rows = [_build(Row, row, path) for row in report.rows]
    return report
