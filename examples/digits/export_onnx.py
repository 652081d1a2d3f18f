"""Writes a trained network as ONNX, batch norms kept as nodes, and checks the written file."""

import numpy as np
import onnx
import onnxruntime
import torch

OPSET = 17
TOLERANCE = 1e-4  # of the largest logit


def constants_to_initializers(graph):
    """Store the bounds of Clip as weights are stored, so that every node is a layer."""
    constants = [node for node in graph.node if node.op_type == "Constant"]
    for node in constants:
        tensor = onnx.helper.get_node_attr_value(node, "value")
        tensor.name = node.output[0]
        graph.initializer.append(tensor)
        graph.node.remove(node)


def export(network, path):
    """Write `network` to `path`: one static 1 x 1 x 8 x 8 input, one 1 x 10 output."""
    torch.onnx.export(
        network.eval(),
        (torch.zeros(1, 1, 8, 8),),
        path,
        opset_version=OPSET,
        input_names=["image"],
        output_names=["logits"],
        training=torch.onnx.TrainingMode.PRESERVE,  # leaves BatchNormalization unfolded
        dynamo=False,
    )
    model = onnx.load(path)
    constants_to_initializers(model.graph)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def check(network, path, images):
    """Fail unless ONNX Runtime and PyTorch agree on every image."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = np.concatenate([session.run(None, {"image": image[None]})[0] for image in images])
    with torch.no_grad():
        expected = network.eval()(torch.from_numpy(images)).numpy()
    error = np.abs(found - expected).max() / np.abs(expected).max()
    differing = np.flatnonzero(found.argmax(axis=1) != expected.argmax(axis=1))
    if error > TOLERANCE or len(differing):
        raise SystemExit(
            f"{path}: found a relative error of {error:.1e} and {len(differing)} other "
            f"predictions than PyTorch's, expected at most {TOLERANCE:.0e} and none"
        )
    return error
