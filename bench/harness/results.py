"""What was measured, and its JSON form."""

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from harness.engines import PEERS, SUBJECT
from harness.errors import UserError


@dataclass
class Row:
    """One model. `status` is ok, wrong (outputs differ) or failed, both with a `reason`.

    `engines` maps an engine's name to {setting, error, min_ms, median_ms, p90_ms, count}; the
    times are missing where the model was not measured. An engine that could not take the model has {left_out:
    reason}, and beside that what is known of it; `refused` has the settings it was measured without: {setting: reason}.
    `cpu_speeds`, where several threads ran: how fast each processor was, the fastest being 1.
    """

    name: str
    macs: int | None = None
    status: str = "ok"
    reason: str = ""
    compile_s: float | None = None
    library_bytes: int | None = None
    rounds: int = 0
    engines: dict = field(default_factory=dict)
    cpu_speeds: list | None = None

    def time(self, engine, key="median_ms"):
        """One time of an engine in ms, or None."""
        return self.engines.get(engine, {}).get(key)

    def best_peer(self, peers=PEERS[SUBJECT], key="median_ms"):
        """The fastest of the peers, or None where none was measured."""
        times = {name: self.time(name, key) for name in peers}
        times = {name: value for name, value in times.items() if value is not None}
        return min(times, key=times.get) if times else None

    def ratio(self, subject=SUBJECT, peers=PEERS[SUBJECT], key="median_ms"):
        """The best peer's time over Convoy's (above 1: Convoy is faster); None where not measured."""
        mine, peer = self.time(subject, key), self.best_peer(peers, key)
        if self.status != "ok" or mine is None or peer is None:
            return None
        return self.time(peer, key) / mine


@dataclass
class Report:
    """All rows and the conditions they were measured under; `options["rows"]` is how many were asked for."""

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


def save(report, path, format_name):
    """Writes the JSON so that an interrupted write leaves the previous file whole."""
    path = Path(path)
    data = {"format": format_name, **asdict(report)}
    partial = path.with_name(path.name + ".part")
    partial.write_text(json.dumps(data, indent=1, allow_nan=False) + "\n")
    os.replace(partial, path)


def load(path, format_name, row_kind):
    """The Report with rows of `row_kind` that `save` wrote."""
    try:
        data = json.loads(Path(path).read_text())
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}, expected a JSON file of an earlier run") from None
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error}), expected a file of an earlier run") from None
    found = data.pop("format", None) if isinstance(data, dict) else None
    if found != format_name:
        raise UserError(f"{path}: format {found!r}, expected {format_name!r}")
    report = _build(Report, data, path)
    report.rows = [_build(row_kind, row, path) for row in report.rows]
    return report
