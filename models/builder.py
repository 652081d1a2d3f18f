"""A convolutional network, layer by layer, as an ONNX graph.

The builder knows shapes only: every initialiser has its dimensions and no values, which is all that shape
inference and counting need. `weights.fill` adds the values.
"""

import onnx
from onnx import TensorProto, helper

OPSET = 17
IR_VERSION = 8  # the one that came with opset 17
BN_EPSILON = 1e-5


class GraphBuilder:
    """Appends nodes; each method takes and returns the name of a value, f32 NCHW = (mb, ic, ih, iw).

    The value a node computes has the node's name. Kernels are square (kw = kh, sw = sh) and padded to keep
    the spatial size at stride 1 (ph = pw = kh // 2).
    """

    def __init__(self, mb: int, ic: int, ih: int, iw: int):
        self.input = "input"
        self._input_shape = (mb, ic, ih, iw)
        self._channels = {self.input: ic}
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, TensorProto] = {}

    def channels(self, value: str) -> int:
        """The number of channels of a value."""
        return self._channels[value]

    def conv(self, name: str, x: str, oc: int, kh: int, sh: int = 1, groups: int = 1) -> str:
        """Convolution without bias; weights are (oc, ic / groups, kh, kw)."""
        ic = self._channels[x]
        if ic % groups or oc % groups:
            raise ValueError(f"{name}: {groups} groups do not divide {ic} input and {oc} output channels")
        weight = self._initializer(f"{name}.weight", (oc, ic // groups, kh, kh))
        return self._node(
            "Conv", name, [x, weight], oc,
            dilations=[1, 1], group=groups, kernel_shape=[kh, kh], pads=[kh // 2] * 4, strides=[sh, sh],
        )

    def batch_norm(self, name: str, x: str) -> str:
        """Batch normalisation in inference: scale, bias, mean and variance are (ic)."""
        ic = self._channels[x]
        parts = [
            self._initializer(f"{name}.{part}", (ic,))
            for part in ("weight", "bias", "running_mean", "running_var")
        ]
        return self._node("BatchNormalization", name, [x, *parts], ic, epsilon=BN_EPSILON, momentum=0.9)

    def relu(self, name: str, x: str) -> str:
        return self._node("Relu", name, [x], self._channels[x])

    def relu6(self, name: str, x: str) -> str:
        """min(max(x, 0), 6) as Clip, which is how frameworks export it."""
        bounds = [self._scalar("relu6.min", 0.0), self._scalar("relu6.max", 6.0)]
        return self._node("Clip", name, [x, *bounds], self._channels[x])

    def add(self, name: str, a: str, b: str) -> str:
        return self._node("Add", name, [a, b], self._channels[a])

    def max_pool(self, name: str, x: str, kh: int, sh: int) -> str:
        return self._node(
            "MaxPool", name, [x], self._channels[x], kernel_shape=[kh, kh], pads=[kh // 2] * 4, strides=[sh, sh]
        )

    def classifier(self, x: str, classes: int) -> str:
        """Global average pool -> Flatten -> Gemm with weights (classes, ic) and bias (classes)."""
        ic = self._channels[x]
        pooled = self._node("GlobalAveragePool", "pool", [x], ic)
        flat = self._node("Flatten", "flatten", [pooled], ic, axis=1)
        weight = self._initializer("fc.weight", (classes, ic))
        bias = self._initializer("fc.bias", (classes,))
        return self._node("Gemm", "fc", [flat, weight, bias], classes, transB=1)

    def model(self, name: str, doc: str, output: str) -> onnx.ModelProto:
        """The network that computes `output` (mb, classes), with the shape of every value inferred."""
        self._nodes[-1].output[0] = "output"
        mb, classes = self._input_shape[0], self._channels[output]
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(self.input, TensorProto.FLOAT, self._input_shape)],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, (mb, classes))],
            initializer=list(self._initializers.values()),
        )
        model = helper.make_model(
            graph,
            producer_name="convoy-models",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
            doc_string=doc,
        )
        return onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)

    def _node(self, op: str, name: str, inputs: list[str], channels: int, **attributes) -> str:
        self._nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        self._channels[name] = channels
        return name

    def _initializer(self, name: str, dims: tuple[int, ...]) -> str:
        self._initializers[name] = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims)
        return name

    def _scalar(self, name: str, value: float) -> str:
        self._initializers[name] = helper.make_tensor(name, TensorProto.FLOAT, [], [value])
        return name
