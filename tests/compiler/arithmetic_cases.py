"""The import cases of arithmetic: unary functions, broadcasting, reductions, normalisations, products."""

import itertools

import numpy as np

from make_import_cases import model, node, one, weights

DIMS = [2, 3, 4, 5]


def add_unary(cases):
    for op in ("Abs", "Ceil", "Erf", "Exp", "Floor", "HardSwish", "Mish", "Neg", "Reciprocal", "Round", "Sigmoid",
               "Sign", "Softplus", "Softsign", "Tanh"):
        cases.add(op.lower(), one(op, DIMS, opset=18))
    for op in ("Log", "Sqrt"):  # of positive numbers
        cases.add(op.lower(), model([node("Abs", "x", "a"), node(op, "a", "y")], {"x": DIMS}, ["y"]))
    for op, attributes in (("Elu", {"alpha": 0.5}), ("Selu", {"alpha": 1.5, "gamma": 2.0}), ("Celu", {"alpha": 0.5}), ("LeakyRelu", {"alpha": 0.2}),
                           ("HardSigmoid", {"alpha": 0.3, "beta": 0.4})):
        cases.add(op.lower(), one(op, DIMS))
        cases.add(f"{op.lower()}_attributes", one(op, [2, 7], **attributes))
    for approximate in ("none", "tanh"):
        cases.add(f"gelu_{approximate}", one("Gelu", DIMS, opset=20, approximate=approximate))
    cases.add("swish", one("Swish", DIMS, opset=24))
    cases.add("unary_of_constant", model([node("Sigmoid", "c", "s"), node("Mul", "x s", "y")], {"x": DIMS}, ["y"],
                                         {"c": weights((3, 1, 1))}))


def add_binary(cases):
    operands = [([2, 3, 4, 5], [2, 3, 4, 5]), ([2, 3, 4, 5], [2, 3, 1, 1]), ([1, 3, 1, 1], [2, 3, 4, 5]),
                ([2, 3, 4, 5], [5]), ([2, 3, 4, 5], [1, 4, 1]), ([2, 1, 4, 1], [1, 3, 1, 5]), ([3, 4], [2, 1, 3, 4]),
                ([4], [4]), ([], [2, 3]), ([2, 3, 4], [2, 3, 4]), ([2, 3, 4], [3, 1]),
                ([2, 1, 3, 4, 5, 2], [3, 1, 4, 5, 2]), ([2, 3, 4, 5, 6], [2, 3, 4, 5, 6]),
                ([2, 40, 3, 3], [2, 40, 1, 1])]
    for i, (a, b) in enumerate(operands):
        for op in (("Add", "Sub", "Mul")[i % 3],) if i else ("Add", "Sub", "Mul", "Div", "Max", "Min"):
            cases.add(f"{op.lower()}_{i}", model([node(op, "x z", "y")], {"x": a, "z": b}, ["y"]),
                      exact=op != "Div")
    for i, shape in enumerate(((), (3, 1, 1), (4, 1), (2, 1, 1, 1), (3, 4, 5), (1, 1, 3, 1, 1))):
        operators = (("Sub", "Mul", "Div", "Max"), ("Sub", "Div"), ("Mul",))[min(i, 2)]
        for op, order in itertools.product(operators, ("x c", "c x")):
            constant = np.abs(weights(shape, i)) + np.float32(0.5)
            if op == "Div" and order == "c x":
                nodes = [node("Abs", "x", "a"), node("Exp", "a", "e"), node(op, "c e", "y")]
            else:
                nodes = [node(op, order, "y")]
            cases.add(f"{op.lower()}_constant_{i}_{order[0]}", model(nodes, {"x": DIMS}, ["y"], {"c": constant}))
    for i, exponent in enumerate((2.0, 3.0, 0.5, -1.0, 1.7)):
        cases.add(f"pow_{i}", model([node("Abs", "x", "a"), node("Exp", "a", "e"), node("Pow", "e c", "y")],
                                           {"x": DIMS}, ["y"], {"c": np.float32(exponent)}))
    cases.add("pow_integer", one("Pow", DIMS, {"c": np.array(2, np.int64)}))
    cases.add("pow_activations", model([node("Abs", "x", "a"), node("Exp", "a", "e"), node("Pow", "e z", "y")],
                                       {"x": DIMS, "z": DIMS}, ["y"]))
    for i, slope in enumerate(((3, 1, 1), (1,), (5,), (1, 3, 1, 1), (3, 4, 5))):
        cases.add(f"prelu_{i}", one("PRelu", DIMS, {"s": weights(slope, i)}, opset=16))
    for op in ("Max", "Min", "Sum", "Mean"):
        cases.add(f"{op.lower()}_variadic", model([node(op, "x z u", "y")], {"x": DIMS, "z": [5], "u": [3, 1, 1]},
                                                  ["y"]))
        cases.add(f"{op.lower()}_of_one", one(op, DIMS))
    cases.add("constants_only", model([node("Mul", "a b", "c"), node("Sub", "c a", "d"), node("Add", "x d", "y")],
                                      {"x": DIMS}, ["y"], {"a": weights((3, 1, 1), 1, True),
                                                          "b": weights((1, 5), 2, True)}), exact=True)


def add_reductions(cases):
    operators = ("ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
                 "ReduceSumSquare")
    for op in operators:
        every = (([0, 2], 1), ([2, 3], 0), ([2, 3], 1), ([-1], 0), ([1], 0), (None, 1))
        for i, (axes, keepdims) in enumerate(every if op in ("ReduceMax", "ReduceMean") else every[:1]):
            attributes = {} if axes is None else {"axes": axes}
            opset = 12
            cases.add(f"{op.lower()}_{i}", one(op, DIMS, opset=opset, keepdims=keepdims, **attributes))
    constants = {"a": np.array([1, -1], np.int64)}
    for op in ("ReduceL2", "ReduceSum"):
        cases.add(f"{op.lower()}_input", one(op, DIMS, constants, opset=18, keepdims=0))
    cases.add("reducelogsumexp", one("ReduceLogSumExp", DIMS, axes=[0, 2], keepdims=0))
    cases.add("reducelogsum", model([node("Abs", "x", "a"), node("ReduceLogSum", "a", "y", axes=[1])], {"x": DIMS},
                                    ["y"]))
    cases.add("reducesum_noop", one("ReduceSum", DIMS, {"a": np.array([], np.int64)}, opset=18,
                                    noop_with_empty_axes=1))
    for i, dims in enumerate(([2, 10], [3, 4, 5], DIMS)):
        for axis in range(-1, len(dims) - 1):
            cases.add(f"logsoftmax_{i}_{axis}", one("LogSoftmax", dims, axis=axis))
        cases.add(f"softmax_rank_{i}", one("Softmax", dims, axis=0))
    cases.add("logsoftmax_12", one("LogSoftmax", DIMS, opset=12, axis=2))


def add_normalizations(cases):
    for axis, dims in itertools.product((-1, 1, 2), ([2, 3, 40], DIMS)):
        shape = dims[axis:]
        constants = {"s": weights(shape, 1), "b": weights(shape, 2)}
        cases.add(f"layernormalization_{axis}_{len(dims)}", one("LayerNormalization", dims, constants, axis=axis))
    cases.add("layernormalization_no_bias", one("LayerNormalization", [2, 3, 7], {"s": weights((7,))}, epsilon=0.1))
    cases.add("instancenormalization", one("InstanceNormalization", DIMS, {"s": weights((3,)), "b": weights((3,), 1)}))
    made = one("GroupNormalization", [2, 4, 3, 5], {"s": weights((4,)), "b": weights((4,), 1)}, opset=21, num_groups=2)
    for _ in range(4):  # dims, which onnx does not infer
        made.graph.output[0].type.tensor_type.shape.dim.add()
    cases.add("groupnormalization", made)
    cases.add("batchnormalization_rank3", one(
        "BatchNormalization", [2, 3, 5], {"s": weights((3,)), "b": weights((3,), 1), "m": weights((3,), 2),
                                          "v": np.abs(weights((3,), 3)) + 1}))


def add_products(cases):
    for i, (a, b) in enumerate((([4, 5], [5, 3]), ([2, 4, 5], [2, 5, 3]), ([2, 3, 4, 5], [5, 6]), ([5], [5, 3]),
                                ([2, 4, 5], [5]), ([5], [5]), ([2, 1, 4, 5], [3, 5, 2]), ([3, 7, 20], [20, 33]),
                                ([2, 3, 2, 4, 5], [2, 3, 2, 5, 3]))):
        cases.add(f"matmul_activations_{i}", model([node("MatMul", "x z", "y")], {"x": a, "z": b}, ["y"]), exact=True)
        if i in (2, 4, 7):
            cases.add(f"matmul_constant_{i}", one("MatMul", a, {"b": weights(b, i, True)}), exact=True)
    cases.add("matmul_constant_left", model([node("MatMul", "c x", "y")], {"x": [4, 5]}, ["y"],
                                            {"c": weights((3, 4), 1, True)}), exact=True)
    for i, (a, b, c) in enumerate((([5, 4], [5, 3], [4, 1]), ([4, 5], [3, 5], [4, 3]), ([5, 4], [3, 5], None))):
        inputs = {"x": a, "z": b} | ({"u": c} if c else {})
        cases.add(f"gemm_activations_{i}", model(
            [node("Gemm", " ".join(inputs), "y", transA=int(a[0] == 5), transB=int(b[0] == 3), alpha=0.5, beta=2.0)],
            inputs, ["y"]), exact=True)
    cases.add("gemm_column_bias", one("Gemm", [4, 5], {"b": weights((5, 3)), "c": weights((4, 1))}))


def add_patterns(cases):
    constants = {"w": weights((16, 3, 3, 3)) / 4, "b": weights((16,)), "half": np.float32(0.5), "one": np.float32(1),
                 "root": np.float32(np.sqrt(2)), "s": weights((16, 1, 1))}
    conv = node("Conv", "x w b", "c")
    patterns = {
        "silu": [node("Sigmoid", "c", "g"), node("Mul", "c g", "y")],
        "hardswish": [node("HardSigmoid", "c", "g", alpha=1 / 6, beta=0.5), node("Mul", "g c", "y")],
        "mish": [node("Softplus", "c", "p"), node("Tanh", "p", "g"), node("Mul", "c g", "y")],
        "gelu": [node("Div", "c root", "d"), node("Erf", "d", "e"), node("Add", "e one", "g"),
                 node("Mul", "c g", "m"), node("Mul", "m half", "y")],
        "gelu_half_first": [node("Mul", "c half", "h"), node("Div", "c root", "d"), node("Erf", "d", "e"),
                            node("Add", "e one", "g"), node("Mul", "h g", "y")],
        "prelu": [node("PRelu", "c s", "y")],
    }
    for name, nodes in patterns.items():
        used = {n: v for n, v in constants.items() if any(n in other.input for other in [conv, *nodes])}
        cases.add(f"pattern_{name}", model([conv, *nodes], {"x": [2, 3, 7, 9]}, ["y"], used))


def squeeze_and_excitation(act, gate):
    """A block of MobileNetV3 or EfficientNet: depthwise, gate from the pooled plane, pointwise, residual."""
    constants = {"w1": weights((24, 8, 1, 1), 1) / 3, "w2": weights((24, 1, 3, 3), 2), "s1": weights((6, 24, 1, 1), 3) / 4,
                 "b1": weights((6,), 4), "s2": weights((24, 6, 1, 1), 5) / 3, "b2": weights((24,), 6),
                 "w3": weights((8, 24, 1, 1), 7) / 4}
    nodes = [
        node("Conv", "x w1", "c1"), *act("c1", "a1"),
        node("Conv", "a1 w2", "c2", pads=[1, 1, 1, 1], group=24), *act("c2", "a2"),
        node("GlobalAveragePool", "a2", "p"), node("Conv", "p s1 b1", "q"), node("Relu", "q", "r"),
        node("Conv", "r s2 b2", "t"), node(gate, "t", "g"), node("Mul", "g a2", "m"),
        node("Conv", "m w3", "c3"), node("Add", "c3 x", "y"),
    ]
    return model(nodes, {"x": [2, 8, 6, 7]}, ["y"], constants)


def add_gates(cases):
    def hardswish(source, target):
        return [node("HardSwish", source, target)]

    def silu(source, target):
        return [node("Sigmoid", source, f"{target}s"), node("Mul", f"{source} {target}s", target)]

    cases.add("mobilenet_v3_block", squeeze_and_excitation(hardswish, "HardSigmoid"))
    cases.add("efficientnet_block", squeeze_and_excitation(silu, "Sigmoid"))


def add_channels_last(cases):
    """A block of ConvNeXt as PyTorch exports it, and its product alone, on integers."""
    constants = {"w": weights((8, 1, 7, 7)) / 7, "s": weights((8,), 1), "b": weights((8,), 2), "m": weights((8, 32), 3) / 3,
                 "bm": weights((32,), 4), "n": weights((32, 8), 5) / 6, "bn": weights((8,), 6), "l": weights((8, 1, 1), 7),
                 "half": np.float32(0.5), "one": np.float32(1), "root": np.float32(np.sqrt(2))}
    nodes = [
        node("Conv", "x w", "c", pads=[3, 3, 3, 3], group=8), node("Transpose", "c", "t", perm=[0, 2, 3, 1]),
        node("LayerNormalization", "t s b", "z", axis=-1), node("MatMul", "z m", "p"), node("Add", "bm p", "q"),
        node("Div", "q root", "d"), node("Erf", "d", "e"), node("Add", "e one", "g"), node("Mul", "q g", "u"),
        node("Mul", "u half", "v"), node("MatMul", "v n", "o"), node("Add", "bn o", "r"),
        node("Transpose", "r", "k", perm=[0, 3, 1, 2]), node("Mul", "l k", "f"), node("Add", "f x", "y"),
    ]
    cases.add("convnext_block", model(nodes, {"x": [2, 8, 6, 7]}, ["y"], constants))
    cases.add("channels_last_product", model(
        [node("Transpose", "x", "t", perm=[0, 2, 3, 1]), node("MatMul", "t m", "p"), node("Add", "p b", "q"),
         node("Relu", "q", "r"), node("Transpose", "r", "y", perm=[0, 3, 1, 2])],
        {"x": [2, 3, 5, 4]}, ["y"], {"m": weights((3, 6), 1, True), "b": weights((6,), 2, True)}), exact=True)


def add_arithmetic(cases):
    for add in (add_unary, add_binary, add_reductions, add_normalizations, add_products, add_patterns, add_gates,
                add_channels_last):
        add(cases)
