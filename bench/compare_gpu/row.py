"""A row of the comparison: one layer or network, for one batch size."""

from dataclasses import dataclass

from compare_gpu.engines import PEERS
from harness.engines import SUBJECT
from layers.row import LayerRow

FORMAT = "convoy-gpu-1"


@dataclass
class GpuRow(LayerRow):
    """`name` is a layer's descriptor, its batch included, or a network's; `frames` is the batch size."""

    frames: int = 1
    is_layer: bool = True

    @property
    def chain(self):
        return self.layer.chain if self.is_layer else 1

    def best_peer(self, peers=PEERS, key="median_ms"):
        return super().best_peer(peers, key)

    def ratio(self, subject=SUBJECT, peers=PEERS, key="median_ms"):
        return super().ratio(subject, peers, key)

    def mj(self, engine):
        """Millijoules of one layer, or the network, for one frame; None where they were not measured."""
        value = self.engines.get(engine, {}).get("mj")
        return None if value is None else value / (self.chain * self.frames)
