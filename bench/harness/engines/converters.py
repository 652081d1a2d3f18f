"""Converters: ONNX files made ready for an engine, and programs that turn them into its own format."""

import subprocess
import sys
import tempfile
from pathlib import Path

import onnx
from onnx import numpy_helper

from harness.build import last_line
from harness.errors import ModelError

LIMIT_S = 1200


def first_error(text):
    """The first line that speaks of an error, or the last line there is."""
    found = next((line.strip() for line in text.splitlines() if "error" in line.lower()), None)
    return found or last_line(text)


def run_converter(title, command, product):
    """Runs a converter that is to write the file `product`; a ModelError with its complaint where it does not."""
    try:
        answer = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, errors="replace", cwd=product.parent, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        raise ModelError(f"{title}: not done after {LIMIT_S} s") from None
    except OSError as error:
        raise ModelError(f"{title}: {error.strerror}") from None
    if answer.returncode or not product.is_file():
        raise ModelError(f"{title}, exit code {answer.returncode}: {first_error(answer.stderr + answer.stdout)}")


def python(*words):
    """A command that this Python runs."""
    return [sys.executable, *words]


def folded(file):
    """The model with the batch norms behind convolutions folded into these, as ONNX Runtime does it."""
    import onnxruntime
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(folder) / "folded.onnx")
        options.log_severity_level = 3
        onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


def batch_of(model):
    """The first dimension of the first input."""
    constants = {tensor.name for tensor in model.graph.initializer}
    entry = next(entry for entry in model.graph.input if entry.name not in constants)
    return entry.type.tensor_type.shape.dim[0].dim_value


def make_single(model):
    """Changes a model of a batch to one image: its inputs and outputs, and the shapes that Reshape is given."""
    batch = batch_of(model)
    for entry in (*model.graph.input, *model.graph.output):
        dims = entry.type.tensor_type.shape.dim
        if dims and dims[0].dim_value == batch:
            dims[0].dim_value = 1
    del model.graph.value_info[:]
    shapes = {node.input[1] for node in model.graph.node if node.op_type == "Reshape"}
    for tensor in model.graph.initializer:
        if tensor.name in shapes:
            values = numpy_helper.to_array(tensor).copy()
            if values.size and values[0] == batch:
                values[0] = 1
                tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
