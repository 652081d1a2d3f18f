"""The steps of a network as `convoy bench --json` tells them: equal kernels merged, and the kinds they are of."""

import re

FAIR = 60  # percent of the roofline: less wants a reason
FAR_TITLE = f"below {FAIR} %"
UNKNOWN = "?"

CONVOLUTIONS = ("conv2d", "separable_conv2d", "two_level_conv2d")
PROBLEM = re.compile(r"(?:mb\d+)?(?:g(?P<g>\d+))?ic(?P<ic>\d+)")
ONE_BY_ONE = re.compile(r"kh1(?!\d)(?!kw(?!1(?!\d)))")

GROUPED, POINTWISE, DENSE, FUSED = "grouped, depthwise", "pointwise, fully connected", "dense", "two convolutions in one"
REORDER, ELEMENTWISE, POOL, OTHER = "reorders", "elementwise", "pooling", "other"
KINDS = (GROUPED, FUSED, POINTWISE, DENSE, REORDER, ELEMENTWISE, POOL, OTHER)
OUTSIDE = {"reorder": REORDER, "elementwise": ELEMENTWISE, "pool2d": POOL}


def is_convolution(kernel):
    """Whether a kernel is a convolution of any sort; fully connected layers are."""
    return kernel.split()[0] in CONVOLUTIONS


def kind_of(kernel):
    """The kind that the time of a kernel is counted to."""
    operator, *rest = kernel.split()
    if operator != "conv2d":
        return FUSED if operator in CONVOLUTIONS else OUTSIDE.get(operator, OTHER)
    problem = rest[0].split("+")[0] if rest else ""
    match = PROBLEM.match(problem)
    if match and int(match["g"] or 1) > 1:
        return GROUPED
    return POINTWISE if ONE_BY_ONE.search(problem) else DENSE


def far(step):
    """Whether a step stays so far below its roofline that it wants a reason."""
    return step["percent_of_roofline"] < FAIR


def merged(steps, cores):
    """One entry for all steps of a kernel with the same schedule, the one with the most time first.

    `roofline_us` is for all `cores` together. Of the reasons that steps of one entry have, that of the slowest is kept.
    """
    found = {}
    for step in steps:
        found.setdefault((step["kernel"], step["schedule"]["template"]), []).append(step)
    entries = []
    for (kernel, template), equal in found.items():
        below = sorted(filter(far, equal), key=lambda step: step["median_us"])
        entries.append({
            "kernel": kernel, "template": template, "count": len(equal), "macs": sum(step["macs"] for step in equal),
            "us": sum(step["median_us"] for step in equal),
            "roofline_us": sum(step["roofline_us"] for step in equal) / cores,
            "below": len(below), "unexplained": sum(step["reason"] in ("", UNKNOWN) for step in below),
            "reason": below[-1]["reason"] if below else ""})
    return sorted(entries, key=lambda entry: -entry["us"])
