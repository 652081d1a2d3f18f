"""Which settings were measured, and which engines and settings were not, and why."""

import re
from collections import Counter

from harness.engines import TITLES

MANY = 4
PLACE = re.compile(r"(?:/[\w.+@-]+)+/")  # the folders of a path, which differ from run to run


def _gathered(rows, entries):
    """{(engine, setting, reason): names of the networks} of what `entries(result)` finds in each engine's result."""
    found = {}
    for row in rows:
        for engine, result in row.engines.items():
            for setting, reason in entries(result):
                found.setdefault((engine, setting, PLACE.sub("", reason)), []).append(row.name)
    return found


def _where(names, rows):
    """The networks, by name unless they are many."""
    if len(names) == len(rows):
        return "all networks" if len(rows) > 1 else names[0]
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    return ", ".join(names[:MANY]) + more


def left_out_lines(rows):
    """A line for every engine and reason that it was left out of rows for, then for the settings that failed."""
    out = _gathered(rows, lambda result: [("", result["left_out"])] if "left_out" in result else [])
    refused = _gathered(rows, lambda result: result.get("refused", {}).items())
    lines = [f"{TITLES.get(engine, engine)} left out of {_where(names, rows)}: {reason}"
             for (engine, _, reason), names in out.items()]
    return lines + [f"{TITLES.get(engine, engine)} without its setting \"{setting}\" in {_where(names, rows)}: {reason}"
                    for (engine, setting, reason), names in refused.items()]


def settings_sentence(report):
    """What was measured of every engine, with the number of networks where there are several settings; "" without any."""
    told = []
    for engine in report.engines:
        counts = Counter(row.engines[engine]["setting"] for row in report.rows if row.time(engine) is not None)
        settings = [setting + (f" ({count})" if len(counts) > 1 else "") for setting, count in counts.most_common()]
        if settings:
            told.append(f"{TITLES.get(engine, engine)}: {'; '.join(settings)}")
    return f"Settings, the best of several on each network: {'. '.join(told)}." if told else ""
