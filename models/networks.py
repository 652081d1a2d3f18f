"""The 40 networks by name."""

from collections.abc import Callable
from dataclasses import dataclass

import onnx

from models import weights
from models.grouping import Grouping, fixed_channels_per_group, fixed_groups
from models.mobilenet import mobilenet_v1, mobilenet_v2
from models.resnet import resnet34
from models.resnext import resnext50
from models.wrn import wrn40_2

Family = Callable[[str, str, int, Grouping | None], onnx.ModelProto]

GSPC_GROUPS = (2, 4, 8, 16)
E2GC_CHANNELS_PER_GROUP = (1, 2, 4, 8, 16, 32)
FGGC_GROUPS = (2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Network:
    name: str
    doc: str
    family: Family
    grouping: Grouping | None  # None: standard convolutions, nothing replaced

    def skeleton(self, mb: int = 1) -> onnx.ModelProto:
        """The graph with the dimensions of its weights and no values: enough for shapes and counts."""
        return self.family(self.name, self.doc, mb, self.grouping)

    def model(self, mb: int = 1, seed: int = 0) -> onnx.ModelProto:
        """The graph with random weights; the same arguments give the same bytes."""
        model = self.skeleton(mb)
        weights.fill(model, seed)
        return model


def _gspc(prefix: str, title: str, family: Family, standard: Grouping | None) -> list[Network]:
    """S, G(2), G(4), G(8), G(16) and G(N), N the number of input channels of each convolution."""
    return [
        Network(f"{prefix}_S", f"{title}, GSPC S", family, standard),
        *(Network(f"{prefix}_G{n}", f"{title}, GSPC G({n})", family, fixed_groups(n)) for n in GSPC_GROUPS),
        Network(f"{prefix}_GN", f"{title}, GSPC G(N)", family, fixed_channels_per_group(1)),
    ]


def _e2gc(prefix: str, title: str, family: Family) -> list[Network]:
    """E2GC with G channels per group, then FgGC with g groups."""
    return [
        Network(f"{prefix}_G{n}", f"{title}, E2GC (G={n})", family, fixed_channels_per_group(n))
        for n in E2GC_CHANNELS_PER_GROUP
    ] + [Network(f"{prefix}_g{n}", f"{title}, FgGC (g={n})", family, fixed_groups(n)) for n in FGGC_GROUPS]


NETWORKS: dict[str, Network] = {
    network.name: network
    for network in (
        *_gspc("wrn40_2", "WRN-40-2", wrn40_2, standard=None),
        *_gspc("resnet34", "ResNet-34", resnet34, standard=None),
        *_gspc("mbv2", "MobileNetV2", mobilenet_v2, standard=fixed_groups(1)),
        *_e2gc("mbv1", "MobileNetV1", mobilenet_v1),
        *_e2gc("resnext50", "ResNeXt-50", resnext50),
    )
}
