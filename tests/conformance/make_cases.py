"""Writes ONNX's own node tests of the operators that Convoy imports, for conformance_test. Operators that are known for
constants only have none.

usage: make_cases.py OUT_DIR

OUT_DIR/index.json has the fields of tests/compiler/make_import_cases.py, and `skip`: why the case is expected to fail,
empty where it must pass. What left_out() names is not written at all: it has nothing that Convoy could run.
"""

import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.backend.test.case.node as node_tests
from onnx import TensorProto, numpy_helper

from skipped import SKIPPED

ROOT = Path(__file__).resolve().parents[2]

# Modules of onnx.backend.test.case.node that are not called as their operator is; None where no case has
# float32 activations.
MODULES = {"BatchNormalization": "batch_normalization", "Cast": None, "InstanceNormalization": "instance_normalization",
           "Range": None, "ReduceLogSum": "reduce_log_sum", "ReduceLogSumExp": "reduce_log_sum_exp"}

# Float inputs that are weights or parameters of an operator, not activations; integers always are.
PARAMETERS = {
    "BatchNormalization": (1, 2, 3, 4), "Clip": (1, 2), "Conv": (1, 2), "Gemm": (1, 2), "GroupNormalization": (1, 2),
    "InstanceNormalization": (1, 2), "LayerNormalization": (1, 2),
    "MatMul": (1,), "PRelu": (1,), "Pad": (2,), "Resize": (1, 2), "Upsample": (1,), "Range": (0, 1, 2),
}


def supported_operators():
    source = (ROOT / "compiler/onnx/operators.cpp").read_text()
    return re.findall(r'\{\s*"(\w+)",\s*import_(?!constants_only)\w+', source)


def collected():
    """Each test case of the supported operators, once."""
    known, cases = set(supported_operators()), {}
    for operator in sorted(known):
        module = MODULES.get(operator, operator.lower())
        if module is None:
            continue
        try:
            importlib.import_module(f"onnx.backend.test.case.node.{module}")
        except ModuleNotFoundError:
            print(f"onnx has no node tests of {operator}")
    for case in node_tests._NodeTestCases:
        operators = [node.op_type for node in case.model.graph.node]
        if len(operators) == 1 and operators[0] in known and "_expanded" not in case.name:
            cases[case.name] = case
    return cases


def element_types(case):
    (inputs, outputs), *_ = case.data_sets
    return [getattr(array, "dtype", None) for array in inputs], [getattr(array, "dtype", None) for array in outputs]


def left_out(case):
    """Cases without float32 activations in and out."""
    inputs, outputs = element_types(case)
    return not inputs or inputs[0] != np.float32 or any(dtype != np.float32 for dtype in outputs)


def with_constants(case):
    """The model with its parameters as initializers, and the data of the inputs that remain."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    (arrays, outputs), *_ = case.data_sets
    [node] = model.graph.node
    position = {name: i for i, name in enumerate(node.input)}
    parameters = PARAMETERS.get(node.op_type, ())
    inputs, activations = [], []
    for value, array in zip(model.graph.input, arrays):
        if array.dtype == np.float32 and position[value.name] not in parameters:
            inputs.append(value)
            activations.append(array)
        else:
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), value.name))
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return model, activations, outputs


def write(folder, name, role, arrays):
    files = []
    for i, array in enumerate(arrays):
        files.append(f"{name}.{role}{i}.f32")
        np.ascontiguousarray(array, dtype="<f4").tofile(folder / files[-1])
    return files


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    index, cases = [], collected()
    for name, case in sorted(cases.items()):
        if left_out(case):
            continue
        model, inputs, outputs = with_constants(case)
        onnx.save(model, folder / f"{name}.onnx")
        index.append({
            "name": name, "model": f"{name}.onnx", "dims": {}, "skip": SKIPPED.get(name, ""),
            "operators": [node.op_type for node in model.graph.node],
            "inputs": write(folder, name, "in", inputs), "outputs": write(folder, name, "out", outputs)})
    if unknown := SKIPPED.keys() - {case["name"] for case in index}:
        sys.exit(f"skipped.py names cases that do not exist: {sorted(unknown)}")
    (folder / "index.json").write_text(json.dumps(index, indent=1))
    print(f"{len(index)} cases in {folder}, {sum(bool(case['skip']) for case in index)} expected to fail, "
          f"{len(cases) - len(index)} without float32 activations left out")


if __name__ == "__main__":
    main()
