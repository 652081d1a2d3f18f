"""Writes small ONNX models with inputs and ONNX Runtime's outputs, for import_cases_test.

usage: make_import_cases.py OUT_DIR

OUT_DIR/index.json lists the cases: name, model, dims (named dimensions to fix), operators, exact
(the data are integers, so every result must be equal), and the files of inputs and outputs (raw
float32).
"""

import itertools
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

import movement_cases
from onnx import TensorProto, helper, numpy_helper

DEFAULT_OPSET = 17
IR_VERSION = 8


class Cases:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.index = []

    def add(self, name, model, exact=False, dims=None, save=onnx.save):
        """Runs the model on random data and records it; dims gives named dimensions their sizes."""
        dims = dims or {}
        onnx.checker.check_model(model)
        path = self.folder / f"{name}.onnx"
        save(model, path)
        rng = np.random.default_rng(len(self.index))
        constants = {tensor.name for tensor in model.graph.initializer}
        feeds = {}
        for value in model.graph.input:
            if value.name in constants:
                continue
            shape = [d.dim_value or dims[d.dim_param] for d in value.type.tensor_type.shape.dim]
            feeds[value.name] = random(rng, shape, exact)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"])
        results = session.run(None, feeds)
        self.index.append({
            "name": name,
            "model": path.name,
            "dims": dims,
            "exact": exact,
            "operators": sorted({node.op_type for node in model.graph.node}),
            "inputs": self.write(name, "in", feeds.values()),
            "outputs": self.write(name, "out", results),
        })

    def write(self, name, role, arrays):
        files = []
        for i, array in enumerate(arrays):
            files.append(f"{name}.{role}{i}.f32")
            np.ascontiguousarray(array, dtype="<f4").tofile(self.folder / files[-1])
        return files


def random(rng, shape, exact):
    if exact:
        return rng.integers(-4, 5, shape).astype(np.float32)
    return rng.standard_normal(shape).astype(np.float32)


def model(nodes, inputs, outputs, constants=None, opset=DEFAULT_OPSET):
    """inputs: name -> dims; outputs: names; constants: name -> array or TensorProto."""
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, d) for n, d in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs],
        [a if isinstance(a, TensorProto) else numpy_helper.from_array(np.asarray(a), n)
         for n, a in (constants or {}).items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = IR_VERSION
    return onnx.shape_inference.infer_shapes(made)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), name=f"n_{outputs.split()[0]}",
                            **attributes)


def one(op, dims, constants=None, opset=DEFAULT_OPSET, **attributes):
    """A model of one node that reads x and the constants and writes y."""
    names = " ".join(["x", *(constants or {})])
    return model([node(op, names, "y", **attributes)], {"x": dims}, ["y"], constants, opset)


def unstated(made):
    """The model without its output's dims: onnx infers wrong ones for some ceil_mode windows."""
    for dim in made.graph.output[0].type.tensor_type.shape.dim:
        dim.Clear()
    return made


def weights(shape, seed=0, exact=False):
    return random(np.random.default_rng(1000 + seed), shape, exact)


def add_runtime_weights(cases):
    """Weights and biases that the model is given or computes."""
    for name, ic, oc, g, extent, inputs in (
            ("both", 8, 16, 1, 9, "x w b"), ("weights", 8, 8, 4, 8, "x w c"), ("bias", 6, 10, 2, 7, "x k b"),
            ("depthwise", 16, 16, 16, 12, "x w b"), ("odd", 5, 7, 1, 6, "x w b")):
        dims = {"x": [2, ic, extent, extent], "w": [oc, ic // g, 3, 3], "b": [oc]}
        constants = {"k": weights(dims["w"], 1, True), "c": weights(dims["b"], 2, True)}
        used = inputs.split()
        cases.add(f"runtime_{name}",
                  model([node("Conv", inputs, "y", group=g, pads=[1, 1, 1, 1])],
                        {n: d for n, d in dims.items() if n in used}, ["y"],
                        {n: a for n, a in constants.items() if n in used}), exact=True)
    # Weights that a convolution computes, a residual, an activation, and one bias read twice.
    cases.add("runtime_computed",
              model([node("Conv", "u k", "w"), node("Conv", "x w b", "c", pads=[1, 1, 1, 1]),
                     node("Conv", "x w b", "d", pads=[1, 1, 1, 1]), node("Add", "c d", "s"), node("Relu", "s", "y")],
                    {"x": [1, 4, 9, 9], "u": [12, 2, 3, 3], "b": [12]}, ["y", "w"],
                    {"k": weights((4, 2, 1, 1))}))


def add_conv(cases):
    shapes = [  # mb, ic, oc, g, ih, iw, kh, kw, attributes
        (1, 4, 6, 1, 7, 7, 3, 3, {"pads": [1, 1, 1, 1]}),
        (2, 4, 6, 2, 8, 5, 3, 2, {"pads": [0, 1, 2, 0], "strides": [2, 1]}),
        (1, 8, 8, 8, 9, 9, 3, 3, {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
        (1, 8, 16, 8, 6, 7, 5, 5, {"pads": [2, 2, 2, 2]}),
        (1, 6, 9, 3, 11, 10, 3, 3, {"dilations": [2, 3], "pads": [2, 3, 2, 3]}),
        (3, 5, 7, 1, 4, 4, 1, 1, {}),
        (1, 5, 7, 1, 5, 5, 1, 1, {"strides": [2, 2]}),
        (1, 2, 3, 1, 1, 1, 3, 3, {"pads": [1, 1, 1, 1]}),
        (1, 2, 2, 1, 3, 3, 3, 3, {"pads": [4, 4, 4, 4]}),
        (1, 1, 1, 1, 12, 2, 7, 1, {"strides": [3, 1], "pads": [6, 0, 5, 0]}),
    ]
    for i, (mb, ic, oc, g, ih, iw, kh, kw, attributes) in enumerate(shapes):
        for exact in (False, True):
            constants = {"w": weights((oc, ic // g, kh, kw), i, exact)}
            if i % 2 == 0:
                constants["b"] = weights((oc,), i, exact)
            cases.add(f"conv_{i}{'_exact' if exact else ''}",
                      one("Conv", [mb, ic, ih, iw], constants, group=g, kernel_shape=[kh, kw],
                          **attributes), exact=exact)
    for auto_pad, (extent, k, s, d) in itertools.product(
            ("VALID", "SAME_UPPER", "SAME_LOWER"),
            ((7, 3, 2, 1), (8, 3, 2, 1), (6, 2, 1, 1), (9, 3, 1, 2), (5, 1, 3, 1))):
        if d > 1 and auto_pad != "VALID":
            continue  # ONNX Runtime does not run it
        cases.add(f"conv_{auto_pad}_i{extent}k{k}s{s}d{d}",
                  one("Conv", [1, 2, extent, extent + 1], {"w": weights((3, 2, k, k))},
                      auto_pad=auto_pad, strides=[s, s], dilations=[d, d]))


def add_pool(cases):
    windows = [
        {"kernel_shape": [2, 2], "strides": [2, 2]},
        {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
        {"kernel_shape": [3, 2], "strides": [1, 2], "pads": [1, 0, 2, 1]},
        {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"kernel_shape": [2, 4], "strides": [2, 1], "auto_pad": "SAME_LOWER"},
        {"kernel_shape": [4, 4], "auto_pad": "VALID"},
        {"kernel_shape": [2, 3], "dilations": [2, 2], "pads": [1, 2, 1, 2]},
    ]
    ceil_windows = [
        ({"kernel_shape": [2, 2], "strides": [2, 2]}, (7, 5)),
        ({"kernel_shape": [3, 3], "strides": [2, 2]}, (8, 7)),
        ({"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 0, 1, 1]}, (6, 7)),
        ({"kernel_shape": [1, 2], "strides": [3, 3]}, (6, 6)),  # one more would see pads only
        ({"kernel_shape": [2, 2], "strides": [3, 3], "pads": [1, 1, 1, 1]}, (4, 5)),
    ]
    for i, window in enumerate(windows):
        cases.add(f"max_pool_{i}", one("MaxPool", [2, 3, 9, 8], **window), exact=True)
        for include in (0, 1):
            cases.add(f"average_pool_{i}_include{include}",
                      one("AveragePool", [2, 3, 9, 8], opset=19, count_include_pad=include,
                          **window))
    for i, (window, (ih, iw)) in enumerate(ceil_windows):
        cases.add(f"max_pool_ceil_{i}",
                  unstated(one("MaxPool", [1, 2, ih, iw], ceil_mode=1, **window)), exact=True)
        cases.add(f"average_pool_ceil_{i}",
                  unstated(one("AveragePool", [1, 2, ih, iw], opset=19, ceil_mode=1, **window)))
    cases.add("average_pool_ceil_include_unpadded",
              one("AveragePool", [1, 2, 7, 5], opset=19, ceil_mode=1, count_include_pad=1,
                  kernel_shape=[2, 2], strides=[2, 2]))
    cases.add("average_pool_ceil_include_not_extended",
              one("AveragePool", [1, 2, 7, 7], opset=19, ceil_mode=1, count_include_pad=1,
                  kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]))
    cases.add("global_average_pool", one("GlobalAveragePool", [2, 3, 5, 7]))


def add_elementwise(cases):
    for opset in (7, 9, 14, 15):
        cases.add(f"batch_normalization_{opset}", batch_normalization([2, 3, 4, 5], opset=opset))
    cases.add("batch_normalization_rank2", batch_normalization([4, 3], epsilon=0.1))
    cases.add("relu", one("Relu", [2, 3, 4]), exact=True)
    for i, limits in enumerate(({"min": -0.5, "max": 0.25}, {"min": 0.1}, {"max": 0.2}, {},
                                {"min": 0.0, "max": 6.0}, {"min": 0.0}, {"min": 1.0, "max": -1.0})):
        if limits.get("min", 0) <= limits.get("max", 6):  # ONNX Runtime asserts it
            cases.add(f"clip_attributes_{i}", one("Clip", [3, 4], opset=7 + i % 4, **limits))
        constants = {n: np.float32(v) for n, v in limits.items()}
        names = ["x", *(name if name in limits else "" for name in ("min", "max"))]
        clip = helper.make_node("Clip", names, ["y"], name="n_y")
        cases.add(f"clip_inputs_{i}", model([clip], {"x": [3, 4]}, ["y"], constants, 13))
    x = {"x": [2, 3, 4, 5]}
    cases.add("add", model([node("Add", "x z", "y")], {**x, "z": [2, 3, 4, 5]}, ["y"]), exact=True)
    cases.add("add_to_itself", model([node("Add", "x x", "y")], x, ["y"]), exact=True)
    for i, shape in enumerate(((), (1,), (3, 1, 1), (1, 3, 1, 1), (1, 1, 1, 1))):
        operands = "x c" if i % 2 else "c x"
        cases.add(f"add_constant_{i}", model([node("Add", operands, "y")], x, ["y"],
                                             {"c": weights(shape, i, True)}), exact=True)
    cases.add("add_constant_rank2", one("Add", [4, 3], {"c": weights((3,))}))
    for i, (a, b) in enumerate((((3, 1, 1), (3, 1, 1)), ((3, 1, 1), (1,)), ((), (1, 3, 1, 1)))):
        cases.add(f"add_two_constants_{i}",
                  model([node("Add", "a b", "c"), node("Add", "x c", "y")], x, ["y"],
                        {"a": weights(a, 1, True), "b": weights(b, 2, True)}), exact=True)
    cases.add("identity", model([node("Identity", "x", "a"), node("Relu", "a", "b"),
                                 node("Identity", "b", "y")], x, ["y"]), exact=True)
    cases.add("identity_only", model([node("Identity", "x", "y")], x, ["y"]), exact=True)
    cases.add("one_value_two_outputs",
              model([node("Relu", "x", "y"), node("Identity", "y", "z"), node("Identity", "z", "u"),
                     node("Relu", "u", "v")], x, ["y", "z", "v"]), exact=True)
    cases.add("dropout_7", one("Dropout", [3, 4], opset=7, ratio=0.3), exact=True)
    cases.add("dropout_13", one("Dropout", [3, 4], {"r": np.float32(0.4), "t": np.array(False)},
                                opset=13), exact=True)
    cases.add("dropout_mask_unused", model([node("Dropout", "x", "a mask"), node("Relu", "a", "y")],
                                           x, ["y"], opset=12), exact=True)


def batch_normalization(dims, opset=DEFAULT_OPSET, **attributes):
    c = dims[1]
    constants = {"s": weights((c,), 1), "b": weights((c,), 2), "m": weights((c,), 3),
                 "v": np.abs(weights((c,), 4)) + np.float32(0.1)}
    return one("BatchNormalization", dims, constants, opset=opset, **attributes)


def add_matrix(cases):
    gemms = [
        ((5, 3), {}, None), ((5, 3), {}, (3,)), ((5, 3), {"alpha": 0.5, "beta": 2.0}, (1, 3)),
        ((3, 5), {"transB": 1}, (1,)), ((3, 5), {"transB": 1, "alpha": -1.5}, ()),
        ((3, 5), {"transB": 1, "beta": 0.25}, (1, 1)), ((5, 1), {}, (1,)),
    ]
    for i, (shape, attributes, c_shape) in enumerate(gemms):
        for exact in (False, True):
            # Integers times the halves and quarters above are exact in float32.
            constants = {"b": weights(shape, i, exact)}
            if c_shape is not None:
                constants["c"] = weights(c_shape, i + 50, exact)
            cases.add(f"gemm_{i}{'_exact' if exact else ''}",
                      one("Gemm", [4, 5], constants, **attributes), exact=exact)
    cases.add("matmul", one("MatMul", [4, 5], {"b": weights((5, 3))}))
    cases.add("matmul_bias", model([node("MatMul", "x b", "a"), node("Add", "a c", "y")],
                                   {"x": [4, 5]}, ["y"],
                                   {"b": weights((5, 3), 1, True), "c": weights((3,), 2, True)}),
              exact=True)


def add_shape(cases):
    for axis in (-3, -1, 0, 1, 2, 4):
        cases.add(f"flatten_{axis}", one("Flatten", [2, 3, 4, 5], axis=axis), exact=True)
    reshapes = [([2, 60], {}), ([0, -1], {}), ([-1], {}), ([0, 0, 20], {}), ([5, 4, -1, 2], {}),
                ([2, 3, 4, 5], {}), ([-1, 6], {"allowzero": 1})]
    for i, (shape, attributes) in enumerate(reshapes):
        cases.add(f"reshape_{i}", one("Reshape", [2, 3, 4, 5], {"s": np.array(shape, np.int64)},
                                      **attributes), exact=True)
    cases.add("reshape_to_scalar", one("Reshape", [1, 1], {"s": np.array([], np.int64)}),
              exact=True)
    cases.add("reshape_constant", model(
        [node("Reshape", "c s", "d"), node("Add", "x d", "y")], {"x": [2, 3, 4, 5]}, ["y"],
        {"c": weights((3,), 1, True), "s": np.array([1, -1, 1, 1], np.int64)}), exact=True)
    for axis, (a, b) in {0: ((1, 3), (2, 3)), 1: ((2, 3), (2, 1)), -1: ((2, 1), (2, 4))}.items():
        cases.add(f"concat_{axis}",
                  model([node("Concat", "x z x", "y", axis=axis)],
                        {"x": [*a, 2, 2][:4] if axis != -1 else [2, 2, *a],
                         "z": [*b, 2, 2][:4] if axis != -1 else [2, 2, *b]}, ["y"]), exact=True)
    cases.add("concat_one", one("Concat", [2, 3], axis=0), exact=True)
    for opset in (7, 12, 13):
        for axis, dims in itertools.product((None, 0, 1, 2, 3, -1), ([2, 3, 4, 5], [2, 3, 1, 1])):
            if opset < 11 and axis == -1:
                continue
            attributes = {} if axis is None else {"axis": axis}
            cases.add(f"softmax_{opset}_{axis}_{'x'.join(map(str, dims))}",
                      one("Softmax", dims, opset=opset, **attributes))
    cases.add("softmax_rank2", one("Softmax", [3, 10]))


def add_constants(cases):
    x = {"x": [2, 3, 4, 4]}
    values = {
        "value": {"value": numpy_helper.from_array(weights((3, 1, 1), 1, True))},
        "value_float": {"value_float": 3.0},
        "value_floats": {"value_floats": [2.0]},
    }
    for name, attributes in values.items():
        cases.add(f"constant_{name}", model([node("Constant", "", "c", **attributes),
                                             node("Add", "x c", "y")], x, ["y"]), exact=True)
    cases.add("constant_value_ints", model(
        [node("Constant", "", "s", value_ints=[2, -1]), node("Reshape", "x s", "y")], x, ["y"]),
        exact=True)
    cases.add("constant_identity", model(
        [node("Constant", "", "c", value_float=2.0), node("Identity", "c", "d"),
         node("Add", "d x", "y")], x, ["y"]), exact=True)
    typed = helper.make_tensor("w", TensorProto.FLOAT, (2, 3, 1, 1), [1, 2, -3, 4, 5, -6])
    cases.add("typed_float_data", one("Conv", [1, 3, 4, 4], {"w": typed}), exact=True)
    typed = helper.make_tensor("s", TensorProto.INT64, (2,), [3, -1])
    cases.add("typed_int64_data", one("Reshape", [2, 6], {"s": typed}), exact=True)
    made = one("Conv", [1, 3, 4, 4], {"w": weights((2, 3, 1, 1), 1, True)})
    made.graph.input.append(
        helper.make_tensor_value_info("w", TensorProto.FLOAT, (2, 3, 1, 1)))
    made.ir_version = 3
    made.opset_import[0].version = 8
    cases.add("initializer_is_input", made, exact=True)
    made = one("Conv", [1, 3, 6, 6], {"w": weights((8, 3, 3, 3)), "b": weights((8,))})
    cases.add("external_data", made, save=lambda m, path: onnx.save(
        m, path, save_as_external_data=True, location=path.name + ".data", size_threshold=0))


def add_networks(cases):
    cases.add("named_dims", one("Conv", ["N", 3, "H", 6], {"w": weights((8, 3, 3, 3))}),
              dims={"N": 2, "H": 5})
    for opset in range(7, 24):
        cases.add(f"residual_block_opset{opset}", residual_network(opset))
    cases.add("mobile_block", mobile_network())
    cases.add("dense_block", dense_network())


def batch_norm_nodes(name, source, target, c, constants):
    for i, role in enumerate("sbmv"):
        values = weights((c,), len(constants) + i)
        constants[f"{name}_{role}"] = np.abs(values) + np.float32(0.5) if role in "sv" else values
    names = " ".join(f"{name}_{role}" for role in "sbmv")
    return node("BatchNormalization", f"{source} {names}", target)


def residual_network(opset):
    constants = {"w1": weights((8, 4, 3, 3), 1) / 6, "w2": weights((8, 2, 3, 3), 2) / 4,
                 "w3": weights((8, 4, 1, 1), 3) / 2, "fc": weights((5, 8), 4),
                 "fc_b": weights((5,), 5)}
    nodes = [
        node("Conv", "x w1", "c1", pads=[1, 1, 1, 1], strides=[2, 2]),
        batch_norm_nodes("bn1", "c1", "b1", 8, constants),
        node("Relu", "b1", "r1"),
        node("Conv", "r1 w2", "c2", pads=[1, 1, 1, 1], group=4),
        batch_norm_nodes("bn2", "c2", "b2", 8, constants),
        node("Conv", "x w3", "c3", strides=[2, 2]),
        batch_norm_nodes("bn3", "c3", "b3", 8, constants),
        node("Add", "b2 b3", "a"),
        node("Relu", "a", "r2"),
        node("MaxPool", "r2", "p", kernel_shape=[2, 2], strides=[1, 1]),
        node("GlobalAveragePool", "p", "q"),
        node("Flatten", "q", "f"),
        node("Dropout", "f", "d"),
        node("Gemm", "d fc fc_b", "l", transB=1),
        node("Softmax", "l", "y"),
    ]
    return model(nodes, {"x": [2, 4, 8, 8]}, ["l", "y"], constants, opset)


def mobile_network():
    constants = {"w1": weights((12, 4, 1, 1), 1), "w2": weights((12, 1, 3, 3), 2),
                 "w3": weights((4, 12, 1, 1), 3), "low": np.float32(0), "high": np.float32(6),
                 "s": np.array([0, -1], np.int64), "m": weights((4 * 36, 3), 6),
                 "c": weights((3,), 7)}
    nodes = [
        node("Conv", "x w1", "c1"),
        batch_norm_nodes("bn1", "c1", "b1", 12, constants),
        node("Clip", "b1 low high", "r1"),
        node("Conv", "r1 w2", "c2", pads=[1, 1, 1, 1], group=12),
        batch_norm_nodes("bn2", "c2", "b2", 12, constants),
        node("Clip", "b2 low high", "r2"),
        node("Conv", "r2 w3", "c3"),
        batch_norm_nodes("bn3", "c3", "b3", 4, constants),
        node("Add", "x b3", "a"),
        node("Reshape", "a s", "f"),
        node("MatMul", "f m", "g"),
        node("Add", "g c", "y"),
    ]
    return model(nodes, {"x": [2, 4, 6, 6]}, ["y"], constants)


def dense_network():
    constants = {"w1": weights((6, 4, 1, 1), 1), "w2": weights((6, 10, 3, 3), 2) / 8}
    nodes = [
        batch_norm_nodes("bn1", "x", "b1", 4, constants),
        node("Conv", "b1 w1", "c1"),
        node("Relu", "c1", "r1"),
        node("Concat", "x r1", "k", axis=1),
        batch_norm_nodes("bn2", "k", "b2", 10, constants),
        node("Relu", "b2", "r2"),
        node("Conv", "r2 w2", "c2", pads=[1, 1, 1, 1]),
        node("Concat", "k c2", "k2", axis=1),
        node("AveragePool", "k2", "y", kernel_shape=[2, 2], strides=[2, 2]),
    ]
    return model(nodes, {"x": [1, 4, 6, 6]}, ["y"], constants)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    from arithmetic_cases import add_arithmetic  # which builds on the functions above

    cases = Cases(sys.argv[1])
    for add in (add_conv, add_runtime_weights, add_pool, add_elementwise, add_matrix, add_shape, add_constants,
                add_arithmetic, add_networks):
        add(cases)
    movement_cases.add_all(cases, model, node, one, weights)
    text = json.dumps(cases.index, indent=1)
    (cases.folder / "index.json").write_text(text)
    print(f"{len(cases.index)} cases in {cases.folder}")


if __name__ == "__main__":
    main()
