"""The table of what was gained, on the terminal and in Markdown, and the bar."""

from harness.table import markdown_line
from tuning.found import BAR, NEAR, short_names

HEAD = ("kernel", "uses", "default us", "tuned us", "gain", "roofline %", "tried", "failed", "schedule")
LEGEND = (
    "Times are of one call, the default's and the tuned schedule's measured beside one another at the end; \"default\" is "
    "what a compilation takes without records. \"roofline %\" is the least time by the board's peak and bandwidth over the "
    "tuned one; Winograd and Strassen can exceed 100. \"tried\": schedules measured, of the legal ones.")


def cells(name, kernel):
    """One kernel's line."""
    return (name, str(kernel.uses), f"{kernel.default_us:.1f}", f"{kernel.best_us:.1f}", f"{kernel.gain:.2f}x",
            f"{100 * kernel.roofline_us / kernel.best_us:.0f}", f"{kernel.measurements}/{kernel.space}",
            str(kernel.failures), kernel.schedule)


def rows(found):
    """The lines, those first that save most."""
    named = zip(short_names(found.kernels), found.kernels)
    return [cells(name, kernel) for name, kernel in sorted(named, key=lambda pair: -pair[1].saved_us)]


def lines(found):
    """The table for a terminal."""
    table = [HEAD, *rows(found)]
    widths = [max(map(len, column)) for column in zip(*table)]
    return ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:])),
                       row[-1]]) for row in table]


def conditions(found):
    """What was measured on what, in a sentence."""
    return (f"{found.cpu}, board {found.board}, {found.threads} {'thread' if found.threads == 1 else 'threads'}, "
            f"Halide {found.halide}; {found.seconds / 60:.1f} minutes.")


def summary(found):
    """What was gained in all, the bar, and what is not in it."""
    share = found.of_tuned_speed()
    said = [f"{len(found.kernels)} kernels, as often as they are used: {found.default_us:.0f} us without tuning, "
            f"{found.best_us:.0f} us tuned, {found.default_us / found.best_us:.2f}x.",
            f"Without tuning they reach {100 * share:.0f} % of the tuned speed in the geometric mean: the bar of "
            f"{100 * BAR:.0f} % is {'held' if share >= BAR else 'missed'}.",
            f"The search had {100 * NEAR:.0f} % of its final speed after {found.seconds_to(NEAR):.0f} s."]
    if found.had_record:
        said.append(f"{found.had_record} kernels had records and were not searched: they are not in it.")
    if found.not_reached:
        said.append(f"{found.not_reached} kernels were not measured: they are not in it.")
    return said


def markdown(found, picture):
    """The page."""
    said = [conditions(found), "", *summary(found), "", f"![Best so far, and what was gained]({picture})", "",
            markdown_line(HEAD), "|:--|" + "--:|" * (len(HEAD) - 2) + ":--|"]
    said += [markdown_line([f"`{row[0]}`", *row[1:-1], f"`{row[-1]}`"]) for row in rows(found)]
    return "\n".join([*said, "", LEGEND]) + "\n"
