"""MNN on its CPU backend."""

import tempfile
from importlib import metadata
from pathlib import Path

import numpy as np

from harness.engines.base import Engine
from harness.engines.converters import python, run_converter
from harness.errors import ModelError

# What the command mnnconvert does, less the account of it that the command sends to MNN's makers.
CONVERT = "import sys, MNN, _tools; _tools.mnnconvert(['mnnconvert', *sys.argv[1:]])"


class Mnn(Engine):
    """A session in precision "high", which is fp32, with Winograd where MNN chooses it, on N threads.

    The input is copied into the session's own memory in every run: MNN may use that again for other values.
    """

    name = "mnn"
    packages = ("MNN",)
    setting = "precision high, session"

    def version(self):
        return metadata.version("MNN")

    def load(self, model, threads):
        import MNN
        with tempfile.TemporaryDirectory() as folder:
            product = Path(folder) / "model.mnn"
            run_converter("mnnconvert", python("-c", CONVERT, "-f", "ONNX", "--modelFile", model, "--MNNModel", product,
                                               "--bizCode", "bench"), product)
            self._net = MNN.Interpreter(str(product))
        self._session = self._net.createSession({"backend": "CPU", "precision": "high", "numThread": threads})
        if self._session is None:
            raise ModelError("mnn: no session for the model")

    def bind(self, inputs):
        import MNN
        if len(inputs) != 1:
            raise ModelError(f"mnn: {len(inputs)} inputs, expected one")
        net, session = self._net, self._session
        shape = inputs[0].shape
        tensor = net.getSessionInput(session)
        if tuple(tensor.getShape()) != shape:
            net.resizeTensor(tensor, shape)
            net.resizeSession(session)
        source = MNN.Tensor(shape, MNN.Halide_Type_Float, inputs[0], MNN.Tensor_DimensionType_Caffe)

        def run():
            tensor.copyFrom(source)
            code = net.runSession(session)
            if code:
                raise ModelError(f"mnn: error {code}")
        self.run = run

    def outputs(self):
        import MNN
        found = []
        for tensor in self._net.getSessionOutputAll(self._session).values():
            shape = tuple(tensor.getShape())
            copy = MNN.Tensor(shape, MNN.Halide_Type_Float, np.zeros(shape, np.float32), MNN.Tensor_DimensionType_Caffe)
            tensor.copyToHostTensor(copy)
            found.append(np.array(copy.getData(), np.float32).reshape(shape))
        return found
