"""ResNet-34 for ImageNet, with the pre-activation blocks that GSPC's table III counts.

Source: He et al., "Deep Residual Learning for Image Recognition", table 1; grouped as in GSPC, section
IV-A. The convolutions have the shapes of the original; batch norm and ReLU come before them, the shortcuts
have no batch norm, and none follows the last block. The first convolution, the shortcuts and the
classifier are not replaced.
"""

import onnx

from models.blocks import preactivation_block
from models.builder import GraphBuilder
from models.grouping import Grouping

STAGES = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))  # blocks, oc, stride of the first block
CLASSES = 1000


def resnet34(name: str, doc: str, mb: int, grouping: Grouping | None) -> onnx.ModelProto:
    """(mb, 3, 224, 224) -> (mb, 1000)."""
    g = GraphBuilder(mb, 3, 224, 224)
    x = g.conv("conv1", g.input, 64, kh=7, sh=2)
    x = g.relu("relu1", g.batch_norm("bn1", x))
    x = g.max_pool("maxpool", x, kh=3, sh=2)
    for stage, (blocks, oc, sh) in enumerate(STAGES, start=1):
        for block in range(blocks):
            x = preactivation_block(g, f"layer{stage}.{block}", x, oc, sh if block == 0 else 1, grouping)
    return g.model(name, doc, g.classifier(x, CLASSES))
