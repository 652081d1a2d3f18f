"""Rules that give the number of groups of a convolution from its number of input channels."""

from collections.abc import Callable

Grouping = Callable[[int], int]


def fixed_groups(groups: int) -> Grouping:
    """The same number of groups in every layer: GSPC's G(g), E2GC's FgGC."""
    return lambda ic: groups


def fixed_channels_per_group(channels_per_group: int) -> Grouping:
    """The same channels per group in every layer: E2GC's G. One channel is depthwise, GSPC's G(N)."""
    return lambda ic: ic // channels_per_group
