"""MobileNetV1 and MobileNetV2 for ImageNet, with groups instead of depthwise convolutions."""

import onnx

from models.builder import GraphBuilder
from models.grouping import Grouping

CLASSES = 1000

# oc of the pointwise convolution, stride of the grouped one before it.
V1_PAIRS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
    (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip

# expansion, oc, blocks, stride of the first block.
V2_STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip


def mobilenet_v1(name: str, doc: str, mb: int, grouping: Grouping) -> onnx.ModelProto:
    """(mb, 3, 224, 224) -> (mb, 1000).

    Source: Howard et al., "MobileNets", table 1; grouped as in Jha et al., "E2GC", section IV: every
    depthwise convolution becomes a grouped one.
    """
    g = GraphBuilder(mb, 3, 224, 224)
    x = g.conv("conv1", g.input, 32, kh=3, sh=2)
    x = g.relu("relu1", g.batch_norm("bn1", x))
    for pair, (oc, sh) in enumerate(V1_PAIRS):
        ic = g.channels(x)
        x = g.conv(f"layer{pair}.grouped", x, ic, kh=3, sh=sh, groups=grouping(ic))
        x = g.relu(f"layer{pair}.grouped_relu", g.batch_norm(f"layer{pair}.grouped_bn", x))
        x = g.conv(f"layer{pair}.pointwise", x, oc, kh=1)
        x = g.relu(f"layer{pair}.pointwise_relu", g.batch_norm(f"layer{pair}.pointwise_bn", x))
    return g.model(name, doc, g.classifier(x, CLASSES))


def mobilenet_v2(name: str, doc: str, mb: int, grouping: Grouping) -> onnx.ModelProto:
    """(mb, 3, 224, 224) -> (mb, 1000).

    Source: Sandler et al., "MobileNetV2", table 2; grouped as in GSPC, section IV-A: all 17 depthwise
    convolutions are replaced, the first block's too, by dense or grouped ones.
    """
    g = GraphBuilder(mb, 3, 224, 224)
    x = g.conv("conv1", g.input, 32, kh=3, sh=2)
    x = g.relu6("relu1", g.batch_norm("bn1", x))
    for stage, (expansion, oc, blocks, sh) in enumerate(V2_STAGES, start=1):
        for block in range(blocks):
            x = _inverted_residual(g, f"layer{stage}.{block}", x, expansion, oc, sh if block == 0 else 1, grouping)
    x = g.conv("conv2", x, 1280, kh=1)
    x = g.relu6("relu2", g.batch_norm("bn2", x))
    return g.model(name, doc, g.classifier(x, CLASSES))


def _inverted_residual(
    g: GraphBuilder, name: str, x: str, expansion: int, oc: int, sh: int, grouping: Grouping
) -> str:
    """Pointwise ic -> expansion * ic, 3x3 with the stride, linear pointwise -> oc; plus the input if same shape."""
    ic = g.channels(x)
    hidden = expansion * ic
    y = x
    if expansion != 1:
        y = g.conv(f"{name}.expand", y, hidden, kh=1)
        y = g.relu6(f"{name}.expand_relu", g.batch_norm(f"{name}.expand_bn", y))
    y = g.conv(f"{name}.grouped", y, hidden, kh=3, sh=sh, groups=grouping(hidden))
    y = g.relu6(f"{name}.grouped_relu", g.batch_norm(f"{name}.grouped_bn", y))
    y = g.batch_norm(f"{name}.project_bn", g.conv(f"{name}.project", y, oc, kh=1))
    return g.add(f"{name}.add", y, x) if sh == 1 and ic == oc else y
