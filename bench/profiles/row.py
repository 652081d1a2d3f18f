"""A row of the profile: one network."""

from dataclasses import dataclass, field

from harness.engines import SUBJECT
from harness.results import Row
from profiles.steps import KINDS, is_convolution, kind_of

FORMAT = "convoy-profiles-1"


@dataclass
class ProfileRow(Row):
    """`run_us` is the median of whole runs, `steps` are those of profiles.steps.merged.

    `weight_bytes` are the model's, 4 a parameter, `packed_bytes` those in the library. `engines` maps an engine's
    name to what profiles.start.summarised says of it.
    """

    run_us: float | None = None
    weight_bytes: int | None = None
    packed_bytes: int | None = None
    steps: list = field(default_factory=list)

    def kinds(self):
        """{kind: its share in percent of the sum of all steps}, of the kinds there are."""
        total = sum(step["us"] for step in self.steps)
        shares = dict.fromkeys(KINDS, 0.0)
        for step in self.steps:
            shares[kind_of(step["kernel"])] += 100 * step["us"] / total
        return {kind: share for kind, share in shares.items() if share}

    def outside(self):
        """The share in percent of the steps that are no convolutions; None without steps."""
        total = sum(step["us"] for step in self.steps)
        rest = sum(step["us"] for step in self.steps if not is_convolution(step["kernel"]))
        return 100 * rest / total if total else None

    def roofline(self):
        """What percentage of their time the convolutions need by the roofline; None without any."""
        convolutions = [step for step in self.steps if is_convolution(step["kernel"])]
        us = sum(step["us"] for step in convolutions)
        return 100 * sum(step["roofline_us"] for step in convolutions) / us if us else None

    def layers(self, key):
        """How many layers are `below` 60 % of the roofline, or of these `unexplained`; None without steps."""
        return sum(step[key] for step in self.steps) if self.steps else None

    def code_bytes(self):
        """What the library has besides weights, or None."""
        return None if self.packed_bytes is None else self.library_bytes - self.packed_bytes

    def packing(self):
        """Bytes of the packed weights over those of the model, or None."""
        return self.packed_bytes / self.weight_bytes if self.weight_bytes else None

    def of(self, key, engine=SUBJECT):
        """A number of an engine, or None."""
        return self.engines.get(engine, {}).get(key)
