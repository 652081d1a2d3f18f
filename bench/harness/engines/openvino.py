"""OpenVINO on its CPU plugin."""

import os

import numpy as np

from harness.engines.base import Engine


class OpenVino(Engine):
    """One stream of N threads with the latency hint, in fp32 (the plugin may default to bf16).

    The input tensors are the caller's memory. `pinning` lets the plugin pin its threads inside the
    processors the process was given. `isa` bounds the instructions that oneDNN and the plugin's own
    kernels use in this process; it must be the same for every instance there.
    """

    name = "openvino"

    def __init__(self, pinning, isa=None):
        self.pinning = pinning
        self.isa = isa
        self.setting = f"f32, LATENCY, 1 stream, pinning {'on' if pinning else 'off'}{f', {isa}' if isa else ''}"

    def load(self, model, threads):
        if self.isa:
            os.environ["ONEDNN_MAX_CPU_ISA"] = self.isa
        import openvino
        core = openvino.Core()
        self._compiled = core.compile_model(core.read_model(str(model)), "CPU", {
            "INFERENCE_PRECISION_HINT": "f32",
            "EXECUTION_MODE_HINT": "PERFORMANCE",
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": self.pinning,
        })
        self._request = self._compiled.create_infer_request()

    def bind(self, inputs):
        from openvino import Tensor
        for index, array in enumerate(inputs):
            self._request.set_input_tensor(index, Tensor(array, shared_memory=True))
        self.run = self._request.infer

    def outputs(self):
        return [np.array(self._request.get_output_tensor(index).data)
                for index in range(len(self._compiled.outputs))]
