"""PyTorch on the CPU, eager or compiled."""

import os
from importlib import metadata

import numpy as np

from harness.engines.base import Engine
from harness.engines.converters import folded


class PyTorch(Engine):
    """A module that onnx2torch makes of the ONNX file, batch norms folded, in channels_last and fp32 on N threads.

    `compiled` runs it through torch.compile with frozen weights, which lets Inductor reorder them once.
    """

    name = "pytorch"
    packages = ("torch", "onnx2torch")
    optional = True

    def __init__(self, compiled):
        self.compiled = compiled
        self.setting = f"channels_last, {'torch.compile with frozen weights' if compiled else 'eager'}"

    def version(self):
        return f"{metadata.version('torch')} (onnx2torch {metadata.version('onnx2torch')})"

    def load(self, model, threads):
        os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # no pool of processes beside the measurement
        import torch
        from onnx2torch import convert
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        module = convert(folded(model)).eval().to(memory_format=torch.channels_last)
        self._module = torch.compile(module, options={"freezing": True}) if self.compiled else module

    def bind(self, inputs):
        import torch
        tensors = [torch.from_numpy(array) for array in inputs]
        tensors = [tensor.to(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor for tensor in tensors]

        def run():
            self._output = self._module(*tensors)
        self.run = run

    def outputs(self):
        found = self._output if isinstance(self._output, (list, tuple)) else [self._output]
        return [np.array(tensor.contiguous().numpy()) for tensor in found]
