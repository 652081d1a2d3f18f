"""MNN on its CPU backend."""

from importlib import metadata

import numpy as np
import onnx

from harness.engines.base import Converted
from harness.engines.converters import python, run_converter
from harness.errors import ModelError

# What the command mnnconvert does, less the account of it that the command sends to MNN's makers.
CONVERT = "import sys, MNN, _tools; _tools.mnnconvert(['mnnconvert', *sys.argv[1:]])"

FEWER_TILES = (3, 1)  # the hint WINOGRAD_MEMORY_LEVEL, by default 3; Python has no names for hints


def convert(model, product):
    """Writes the MNN file `product` of an ONNX file, in fp32."""
    run_converter("mnnconvert", python("-c", CONVERT, "-f", "ONNX", "--modelFile", model, "--MNNModel", product,
                                       "--bizCode", "bench"), product)


def config(threads):
    """fp32 on the CPU, on N threads."""
    return {"backend": "CPU", "precision": "high", "numThread": threads}


class Mnn(Converted):
    """A session in precision "high", which is fp32, on N threads, with Winograd where MNN chooses it.

    Of all its tiles, or without the `large` ones: these lose digits, which can be too many in deep networks. The input is copied into the session's own memory in every run: MNN may use that again for other values.
    """

    name = "mnn"
    packages = ("MNN",)
    optional = True
    interface = "session"

    def __init__(self, large=True):
        self.large = large
        self.setting = f"precision high, {self.interface}{'' if large else ', Winograd in small tiles'}"

    def version(self):
        return metadata.version("MNN")

    def convert(self, model, folder):
        product = folder / "model.mnn"
        convert(model, product)
        return product

    def open(self, product, threads):
        import MNN
        self._net = MNN.Interpreter(str(product))
        if not self.large:
            self._net.setSessionHint(*FEWER_TILES)
        self._session = self._net.createSession(config(threads))
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
            raise ModelError(f"mnn: input {tuple(tensor.getShape())}, expected {shape} as in the model")
        source = MNN.Tensor(shape, MNN.Halide_Type_Float, inputs[0], MNN.Tensor_DimensionType_Caffe)

        def run():
            tensor.copyFrom(source)
            code = net.runSession(session)
            if code:
                raise ModelError(f"mnn: error {code}")
        self.run = run

    def outputs(self):
        import MNN
        tensors = self._net.getSessionOutputAll(self._session)
        if len(tensors) != 1:
            raise ModelError(f"mnn: {len(tensors)} outputs, expected one")
        (tensor,) = tensors.values()
        shape = tuple(tensor.getShape())
        copy = MNN.Tensor(shape, MNN.Halide_Type_Float, np.zeros(shape, np.float32), MNN.Tensor_DimensionType_Caffe)
        tensor.copyToHostTensor(copy)
        return [np.array(copy.getData(), np.float32).reshape(shape)]


class MnnModule(Mnn):
    """The same through MNN's newer interface, a module, whose outputs are read in every run: that is when they are due."""

    interface = "module"

    def convert(self, model, folder):
        graph = onnx.load(model, load_external_data=False).graph
        constants = {tensor.name for tensor in graph.initializer}
        inputs = [entry.name for entry in graph.input if entry.name not in constants]
        return super().convert(model, folder), inputs, [entry.name for entry in graph.output]

    def open(self, product, threads):
        from MNN import nn
        file, inputs, outputs = product
        manager = nn.create_runtime_manager((config(threads),))
        if not self.large:
            manager.set_hint(*FEWER_TILES)
        self._module = nn.load_module_from_file(str(file), inputs, outputs, runtime_manager=manager,
                                                shape_mutable=False)

    def bind(self, inputs):
        from MNN import expr
        variables = []
        for array in inputs:
            variable = expr.placeholder(list(array.shape), expr.NCHW, expr.float)
            variable.write(array)
            variables.append(variable)
        module = self._module

        def run():
            self._found = [output.read() for output in module.onForward(variables)]
        self.run = run

    def outputs(self):
        return [np.array(array) for array in self._found]
