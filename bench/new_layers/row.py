"""A row: one layer, tuned from nothing."""

from dataclasses import dataclass

from harness.engines import SUBJECT, UNTUNED
from layers.row import LayerRow

FORMAT = "convoy-new-layers-1"


@dataclass
class NewLayerRow(LayerRow):
    """`convoy` among the engines is the tuned code, `convoy_untuned` what is taken without tuning."""

    tuning_s: float | None = None
    near_s: float | None = None  # until the search had nearly its final speed
    measurements: int | None = None  # schedules that were tried

    def gain(self):
        """How many times faster than without tuning, or None."""
        return self.ratio(SUBJECT, (UNTUNED,))
