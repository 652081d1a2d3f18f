"""ResNeXt-50 (32x4d) for ImageNet, with other groups.

Source: Xie et al., "Aggregated Residual Transformations for Deep Neural Networks", table 1; grouped as in
E2GC, section IV: the 3x3 convolutions of all 16 blocks, at the widths of 32x4d.
"""

import onnx

from models.builder import GraphBuilder
from models.grouping import Grouping

STAGES = ((3, 128, 1), (4, 256, 2), (6, 512, 2), (3, 1024, 2))  # blocks, width of the 3x3, stride of the first
CLASSES = 1000


def resnext50(name: str, doc: str, mb: int, grouping: Grouping) -> onnx.ModelProto:
    """(mb, 3, 224, 224) -> (mb, 1000)."""
    g = GraphBuilder(mb, 3, 224, 224)
    x = g.conv("conv1", g.input, 64, kh=7, sh=2)
    x = g.relu("relu1", g.batch_norm("bn1", x))
    x = g.max_pool("maxpool", x, kh=3, sh=2)
    for stage, (blocks, width, sh) in enumerate(STAGES, start=1):
        for block in range(blocks):
            x = _bottleneck(g, f"layer{stage}.{block}", x, width, sh if block == 0 else 1, grouping)
    return g.model(name, doc, g.classifier(x, CLASSES))


def _bottleneck(g: GraphBuilder, name: str, x: str, width: int, sh: int, grouping: Grouping) -> str:
    """1x1 -> width, grouped 3x3 with the stride, 1x1 -> 2 * width, each with batch norm; plus the shortcut."""
    oc = 2 * width
    y = g.conv(f"{name}.conv1", x, width, kh=1)
    y = g.relu(f"{name}.relu1", g.batch_norm(f"{name}.bn1", y))
    y = g.conv(f"{name}.conv2", y, width, kh=3, sh=sh, groups=grouping(width))
    y = g.relu(f"{name}.relu2", g.batch_norm(f"{name}.bn2", y))
    y = g.batch_norm(f"{name}.bn3", g.conv(f"{name}.conv3", y, oc, kh=1))
    if g.channels(x) != oc:
        x = g.batch_norm(f"{name}.shortcut_bn", g.conv(f"{name}.shortcut", x, oc, kh=1, sh=sh))
    return g.relu(f"{name}.relu3", g.add(f"{name}.add", y, x))
