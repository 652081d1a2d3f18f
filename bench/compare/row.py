"""A row of the comparison: one network."""

from dataclasses import dataclass

from harness.results import Row

FORMAT = "convoy-compare-2"


@dataclass
class NetworkRow(Row):
    """`family` and `variant` as in the network's name, `params` all that is trained."""

    family: str = ""
    variant: str = ""
    params: int | None = None
