"""Runs a model in ONNX Runtime on one thread and times each image."""

from time import perf_counter_ns

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

ROUNDS = 20


def bound_session(model, image, output):
    """A session of one thread, and a binding that reads `image` and writes `output` in place.

    Bound memory keeps the cost of Python's dictionaries and copies out of the measured time.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    name = session.get_inputs()[0].name
    binding.bind_input(name, "cpu", 0, np.float32, image.shape, image.ctypes.data)
    name = session.get_outputs()[0].name
    binding.bind_output(name, "cpu", 0, np.float32, output.shape, output.ctypes.data)
    return session, binding


def classify(model, images, classes):
    """Logits of every image, run one by one, and the microseconds of every timed call."""
    image = np.zeros((1, *images.shape[1:]), np.float32)
    output = np.zeros((1, classes), np.float32)
    session, binding = bound_session(model, image, output)
    logits = np.zeros((len(images), classes), np.float32)
    samples = []
    for timed in [False] + [True] * ROUNDS:
        for i, pixels in enumerate(images):
            image[0] = pixels
            start = perf_counter_ns()
            session.run_with_iobinding(binding)
            elapsed = perf_counter_ns() - start
            logits[i] = output[0]
            if timed:
                samples.append(elapsed / 1000)
    return logits, np.array(samples)


def call_overhead(images):
    """Microseconds of every timed call of a model that only copies one number."""
    shape = [1, 1]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "empty",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    return classify(model.SerializeToString(), np.zeros((images, 1), np.float32), 1)[1]
