"""WRN-40-2 for CIFAR-10.

Source: Zagoruyko and Komodakis, "Wide Residual Networks", table 1, depth 40 and width 2; grouped as in
GSPC, section IV-A. The first convolution, the shortcuts and the classifier are not replaced.
"""

import onnx

from models.blocks import preactivation_block
from models.builder import GraphBuilder
from models.grouping import Grouping

BLOCKS_PER_STAGE = 6  # (depth 40 - 4) / 6
STAGES = ((32, 1), (64, 2), (128, 2))  # oc, stride of the first block
CLASSES = 10


def wrn40_2(name: str, doc: str, mb: int, grouping: Grouping | None) -> onnx.ModelProto:
    """(mb, 3, 32, 32) -> (mb, 10)."""
    g = GraphBuilder(mb, 3, 32, 32)
    x = g.conv("conv1", g.input, 16, kh=3)
    for stage, (oc, sh) in enumerate(STAGES, start=1):
        for block in range(BLOCKS_PER_STAGE):
            x = preactivation_block(g, f"layer{stage}.{block}", x, oc, sh if block == 0 else 1, grouping)
    x = g.relu("relu", g.batch_norm("bn", x))
    return g.model(name, doc, g.classifier(x, CLASSES))
