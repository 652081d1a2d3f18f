"""The residual block of GSPC's WRN-40-2 and ResNet-34, and what grouping does to its 3x3 convolutions.

Source: Gibson et al., "Optimizing Grouped Convolutions on Edge Devices", sections II and IV-A. That the
blocks are pre-activation ones in both networks, without batch norm on the shortcut, follows from the
parameters and MACs of its tables II and III.
"""

from models.builder import GraphBuilder
from models.grouping import Grouping


def conv3x3(g: GraphBuilder, name: str, x: str, oc: int, sh: int, grouping: Grouping | None) -> str:
    """A standard 3x3 convolution (mb, ic, ih, iw) -> (mb, oc, oh, ow), or the pair that replaces it.

    The pair is a grouped 3x3 convolution ic -> ic with the stride, batch norm and ReLU, then a pointwise
    convolution ic -> oc.
    """
    if grouping is None:
        return g.conv(name, x, oc, kh=3, sh=sh)
    ic = g.channels(x)
    x = g.conv(f"{name}.grouped", x, ic, kh=3, sh=sh, groups=grouping(ic))
    x = g.batch_norm(f"{name}.grouped_bn", x)
    x = g.relu(f"{name}.grouped_relu", x)
    return g.conv(f"{name}.pointwise", x, oc, kh=1)


def preactivation_block(g: GraphBuilder, name: str, x: str, oc: int, sh: int, grouping: Grouping | None) -> str:
    """BN -> ReLU -> 3x3 -> BN -> ReLU -> 3x3, plus the input.

    Where the number of channels changes, the shortcut is a pointwise convolution with the stride, never
    grouped, that starts after the first ReLU.
    """
    preactivated = g.relu(f"{name}.relu1", g.batch_norm(f"{name}.bn1", x))
    y = conv3x3(g, f"{name}.conv1", preactivated, oc, sh, grouping)
    y = g.relu(f"{name}.relu2", g.batch_norm(f"{name}.bn2", y))
    y = conv3x3(g, f"{name}.conv2", y, oc, 1, grouping)
    shortcut = x if g.channels(x) == oc else g.conv(f"{name}.shortcut", preactivated, oc, kh=1, sh=sh)
    return g.add(f"{name}.add", y, shortcut)
