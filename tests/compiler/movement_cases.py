"""Import cases of the operators that move elements, resize, or fold constants; see make_import_cases.py."""

import itertools

import numpy as np

from onnx import TensorProto


def integers(*values):
    return np.array(values, np.int64)


def add_slices(cases, one):
    dims = [2, 6, 5, 7]
    slices = [  # starts, ends, axes, steps
        ([1, 2], [2, 5], [0, 2], None),
        ([0], [2**63 - 1], [3], None),
        ([-3], [-1], [-1], None),
        ([6, 100], [0, -100], [3, 1], [-2, -1]),
        ([-1], [-(2**63)], [2], [-3]),
        ([0, 1], [5, 6], [2, 3], [2, 3]),
        ([2], [5], [1], None),  # channels, which any layout can do
        ([0], [1], None, None),
    ]
    for i, (starts, ends, axes, steps) in enumerate(slices):
        constants = {"starts": integers(*starts), "ends": integers(*ends)}
        if axes:
            constants["axes"] = integers(*axes)
        if steps:
            constants["steps"] = integers(*steps)
        cases.add(f"slice_{i}", one("Slice", dims, constants), exact=True)
    cases.add("slice_opset9", one("Slice", dims, opset=9, starts=[1, -4], ends=[5, 7], axes=[1, 3]), exact=True)


def add_splits(cases, model, node):
    x = {"x": [2, 7, 4]}
    cases.add("split_sizes", model([node("Split", "x s", "a b c", axis=1)], x, ["a", "b", "c"],
                                   {"s": integers(2, 4, 1)}), exact=True)
    cases.add("split_opset11", model([node("Split", "x", "a b", axis=-1)], x, ["a", "b"], opset=11), exact=True)
    cases.add("split_opset11_sizes", model([node("Split", "x", "a b", axis=1, split=[3, 4])], x, ["b", "a"],
                                           opset=11), exact=True)
    cases.add("split_opset18", model([node("Split", "x", "a b c", axis=1, num_outputs=3)], x, ["a", "c"],
                                     opset=18), exact=True)
    cases.add("split_one", model([node("Split", "x", "a", axis=0)], x, ["a"], opset=13), exact=True)


def add_movement(cases, model, node, one):
    for perm in ([0, 2, 3, 1], [3, 2, 1, 0], [0, 1, 3, 2], [1, 0, 2, 3], [0, 1, 2, 3]):
        name = "".join(map(str, perm))
        cases.add(f"transpose_{name}", one("Transpose", [2, 3, 4, 5], perm=perm), exact=True)
    cases.add("transpose_reverses", one("Transpose", [4, 5, 3]), exact=True)
    cases.add("transpose_of_constant", model([node("Transpose", "w", "t", perm=[2, 0, 1]), node("Add", "x t", "y")],
                                             {"x": [1, 3, 1]}, ["y"],
                                             {"w": np.arange(3, dtype=np.float32).reshape(3, 1, 1)}), exact=True)
    for opset in (11, 17):
        axes = {"axes": [0, 3]} if opset < 13 else {}
        constants = {"axes": integers(0, 3)} if opset >= 13 else {}
        cases.add(f"unsqueeze_opset{opset}", one("Unsqueeze", [4, 5], constants, opset, **axes), exact=True)
        axes = {"axes": [0, -1]} if opset < 13 else {}
        constants = {"axes": integers(0, -1)} if opset >= 13 else {}
        cases.add(f"squeeze_opset{opset}", one("Squeeze", [1, 4, 1, 1], constants, opset, **axes), exact=True)
    cases.add("squeeze_all", one("Squeeze", [1, 4, 1, 3]), exact=True)
    for i, (dims, shape) in enumerate((([3, 1], [2, 3, 4]), ([1, 5], [1]), ([2, 1, 3], [1, 4, 1]))):
        cases.add(f"expand_{i}", one("Expand", dims, {"shape": integers(*shape)}), exact=True)
    for i, repeats in enumerate(([1, 2, 3], [2, 1, 1], [1, 1, 1])):
        cases.add(f"tile_{i}", one("Tile", [2, 3, 4], {"repeats": integers(*repeats)}), exact=True)
    gathers = [(0, integers(1)), (1, np.array(-1)), (2, integers(3, 2, 1)), (1, integers(2, 0, 0, 1)),
               (3, integers(4, 0, 2)), (0, np.array([[1, 0, 0], [1, 1, 0]]))]
    for i, (axis, indices) in enumerate(gathers):
        cases.add(f"gather_{i}", one("Gather", [2, 3, 4, 5], {"i": indices}, axis=axis), exact=True)
    for mode in ("DCR", "CRD"):
        cases.add(f"depth_to_space_{mode}", one("DepthToSpace", [2, 12, 3, 4], blocksize=2, mode=mode), exact=True)
    cases.add("space_to_depth", one("SpaceToDepth", [2, 3, 4, 6], blocksize=2), exact=True)
    cases.add("channel_shuffle", model([
        node("Reshape", "x a", "b"), node("Transpose", "b", "c", perm=[0, 2, 1, 3, 4]), node("Reshape", "c d", "y")],
        {"x": [1, 6, 3, 3]}, ["y"], {"a": integers(1, 2, 3, 3, 3), "d": integers(1, 6, 3, 3)}), exact=True)
    cases.add("cast", one("Cast", [3, 4], to=TensorProto.FLOAT), exact=True)


def add_pads(cases, one):
    pads = [[0, 0, 1, 2, 0, 0, 2, 0], [1, 0, 0, 0, 0, 2, 0, 3], [0, 0, -1, 1, 0, -1, 0, -2]]
    for i, amounts in enumerate(pads):
        for value in (None, -2.0):
            constants = {"p": integers(*amounts)}
            if value:
                constants["v"] = np.float32(value)
            cases.add(f"pad_{i}{'_value' if value else ''}", one("Pad", [2, 3, 4, 5], constants), exact=True)
    cases.add("pad_opset9", one("Pad", [2, 3, 4, 5], opset=9, pads=pads[0], value=1.0), exact=True)
    cases.add("pad_axes", one("Pad", [2, 3, 4], {"p": integers(1, 2), "v": np.float32(3), "a": integers(-1)},
                              opset=18), exact=True)
    for mode in ("reflect", "edge", "wrap"):
        cases.add(f"pad_{mode}", one("Pad", [2, 3, 4, 5], {"p": integers(0, 1, 2, 3, 0, 2, 3, 1)}, opset=19,
                                     mode=mode), exact=True)


def add_resizes(cases, one):
    dims = [1, 3, 5, 4]
    modes = itertools.product(("nearest", "linear", "cubic"),
                              ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"),
                              ([1, 1, 2, 3], [1, 1, 0.6, 0.5], [1, 1, 1.2, 1]))
    for i, (mode, coordinates, scales) in enumerate(modes):
        constants = {"roi": np.zeros(0, np.float32), "scales": np.array(scales, np.float32)}
        attributes = {"nearest_mode": ("round_prefer_floor", "floor", "ceil", "round_prefer_ceil")[i % 4]}
        cases.add(f"resize_{mode}_{coordinates}_{i % 3}",
                  one("Resize", dims, constants, mode=mode, coordinate_transformation_mode=coordinates,
                      **(attributes if mode == "nearest" else {})))
    empty = np.zeros(0, np.float32)
    cases.add("resize_sizes", one("Resize", dims, {"roi": empty, "scales": empty, "sizes": integers(1, 3, 7, 9)},
                                  mode="linear"))
    cases.add("resize_antialias", one("Resize", dims, {"roi": empty, "scales": empty, "sizes": integers(3, 2)},
                                      opset=18, mode="linear", antialias=1, axes=[2, 3]))
    for i, scales in enumerate(([1, 1, 2, 2], [1, 1, 0.6, 0.6])):
        cases.add(f"resize_opset10_{i}", one("Resize", dims, {"scales": np.array(scales, np.float32)}, opset=10))
    for mode in ("nearest", "linear"):
        cases.add(f"upsample_{mode}", one("Upsample", dims, {"s": np.array([1, 1, 2, 3], np.float32)}, opset=9,
                                          mode=mode))
    cases.add("upsample_opset7", one("Upsample", dims, opset=7, scales=[1.0, 1.0, 2.0, 2.0]))


def add_shape_arithmetic(cases, model, node):
    """What exporters write to compute a shape from the input's."""
    i = integers
    flatten = [node("Shape", "x", "s"), node("Gather", "s zero", "n", axis=0), node("Unsqueeze", "n axes", "un"),
               node("Concat", "un minus", "target", axis=0), node("Reshape", "x target", "y")]
    cases.add("flatten_by_shape", model(flatten, {"x": [2, 3, 4, 5]}, ["y"],
                                        {"zero": np.array(0), "axes": i(0), "minus": i(-1)}), exact=True)
    half = [node("Shape", "x", "s"), node("Gather", "s one", "c", axis=0), node("Add", "c one", "c1"),
            node("Div", "c1 two", "h"), node("Mul", "h one1", "a"), node("Mul", "h two1", "b"),
            node("Slice", "x zero1 a one1", "y"), node("Slice", "x a b one1", "z")]
    cases.add("chunk_by_shape", model(half, {"x": [2, 6, 3, 2]}, ["y", "z"],
                                      {"one": np.array(1), "two": np.array(2), "zero1": i(0), "one1": i(1),
                                       "two1": i(2)}), exact=True)
    scaled = [node("Shape", "x", "s"), node("Slice", "s two four", "hw"),
              node("Cast", "hw", "hwf", to=TensorProto.FLOAT), node("Mul", "hwf factor", "scaled"),
              node("Floor", "scaled", "floor"), node("Cast", "floor", "to", to=TensorProto.INT64),
              node("Slice", "s zero two", "nc"), node("Concat", "nc to", "sizes", axis=0),
              node("Resize", "x empty empty sizes", "y", mode="nearest")]
    cases.add("sizes_by_shape", model(scaled, {"x": [1, 2, 3, 5]}, ["y"],
                                      {"two": i(2), "four": i(4), "zero": i(0), "factor": np.float32([1.5, 2]),
                                       "empty": np.zeros(0, np.float32)}))
    expand = [node("ConstantOfShape", "rank", "ones", value=one_int(1)), node("Mul", "ones minus", "m"),
              node("Equal", "shape m", "is"), node("Where", "is ones shape", "to"), node("Expand", "x to", "y")]
    cases.add("expand_by_where", model(expand, {"x": [1, 3, 1]}, ["y"],
                                       {"rank": i(3), "minus": i(-1), "shape": i(2, -1, 4)}), exact=True)
    others = [node("Size", "x", "count"), node("Sub", "count two", "less"), node("Neg", "less", "low"),
              node("Max", "low four", "high"), node("Min", "high five", "n"),
              node("Range", "zero n one", "range"), node("Gather", "x range", "g", axis=0),
              node("Sqrt", "nine", "three"), node("Ceil", "three", "c"), node("Cast", "c", "ci", to=TensorProto.INT64),
              node("Reshape", "ci minus", "shape"), node("Tile", "g shape", "y")]
    cases.add("other_arithmetic", model(others, {"x": [6]}, ["y"],
                                        {"two": np.array(2), "four": np.array(4), "five": np.array(5),
                                         "zero": np.array(0), "one": np.array(1), "nine": np.float32(8.5),
                                         "minus": i(-1)}), exact=True)


def add_windows(cases, one, weights):
    """Windows of one and three dimensions; those of two are in make_import_cases.py."""
    convs = [  # input, weights, attributes
        ([2, 6, 9], (8, 3, 3), {"group": 2, "pads": [1, 2], "strides": [2], "dilations": [2]}),
        ([1, 3, 8], (4, 3, 5), {"auto_pad": "SAME_UPPER"}),
        ([1, 4, 5, 6, 7], (6, 2, 3, 3, 2), {"group": 2, "pads": [1, 0, 1, 2, 1, 0], "strides": [2, 1, 2]}),
        ([2, 3, 4, 3, 3], (2, 3, 2, 1, 3), {"dilations": [2, 1, 1]}),
        ([1, 2, 3, 4, 5], (3, 2, 1, 1, 1), {}),
    ]
    for i, (dims, shape, attributes) in enumerate(convs):
        constants = {"w": weights(shape, i, True), "b": weights(shape[:1], i, True)}
        cases.add(f"conv_nd_{i}", one("Conv", dims, constants, **attributes), exact=True)
    pools = [
        ([2, 3, 9], {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}),
        ([1, 2, 8], {"kernel_shape": [3], "strides": [2], "ceil_mode": 1}),
        ([2, 3, 5, 6, 7], {"kernel_shape": [2, 3, 3], "strides": [2, 1, 2], "pads": [1, 1, 0, 0, 1, 1]}),
        ([1, 2, 6, 5, 4], {"kernel_shape": [3, 2, 2], "strides": [2, 2, 2], "ceil_mode": 1}),
        ([1, 2, 3, 5, 4], {"kernel_shape": [1, 2, 2]}),
    ]
    for i, (dims, attributes) in enumerate(pools):
        cases.add(f"max_pool_nd_{i}", one("MaxPool", dims, **attributes), exact=True)
        for include in (0, 1):
            cases.add(f"average_pool_nd_{i}_include{include}",
                      one("AveragePool", dims, opset=19, count_include_pad=include, **attributes))
    cases.add("average_pool_ceil_include_pads", one("AveragePool", [1, 2, 7, 6], opset=19, kernel_shape=[3, 3],
                                                    strides=[2, 2], pads=[1, 1, 0, 1], ceil_mode=1,
                                                    count_include_pad=1))
    for dims in ([2, 3, 7], [1, 4, 3, 5], [1, 2, 3, 4, 5]):
        for op in ("GlobalAveragePool", "GlobalMaxPool"):
            cases.add(f"{op}_rank{len(dims)}", one(op, dims))


def one_int(value):
    from onnx import numpy_helper
    return numpy_helper.from_array(integers(value))


def add_all(cases, model, node, one, weights):
    add_windows(cases, one, weights)
    add_slices(cases, one)
    add_splits(cases, model, node)
    add_movement(cases, model, node, one)
    add_pads(cases, one)
    add_resizes(cases, one)
    add_shape_arithmetic(cases, model, node)
