"""ONNX Runtime on its CPU provider."""

import numpy as np

from harness.engines.base import Engine


class OnnxRuntime(Engine):
    """A sequential session with inter-op 1 and intra-op N threads, in fp32.

    `level` is a GraphOptimizationLevel: ORT_ENABLE_ALL adds the blocked NCHWc layout to
    ORT_ENABLE_EXTENDED, which is mostly but not always faster. `binding` binds input and output
    memory once instead of passing arrays to every run. Workers may spin, the default and fastest.
    """

    name = "onnxruntime"

    def __init__(self, binding, level="ORT_ENABLE_ALL"):
        self.binding = binding
        self.level = level
        self.setting = f"{level}, {'IO binding' if binding else 'run()'}"

    def load(self, model, threads):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, self.level)
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self._session.get_outputs()]

    def bind(self, inputs):
        names = [entry.name for entry in self._session.get_inputs()]
        if self.binding:
            self._bind_memory(names, inputs)
        else:
            feed = dict(zip(names, inputs))
            self.run = lambda: self._keep(self._session.run(self._names, feed))

    def _bind_memory(self, names, inputs):
        from onnxruntime import OrtValue
        binding = self._session.io_binding()
        for name, array in zip(names, inputs):
            binding.bind_ortvalue_input(name, OrtValue.ortvalue_from_numpy(array))
        self._values = []
        for output in self._session.get_outputs():
            value = OrtValue.ortvalue_from_shape_and_type(output.shape, np.float32)
            binding.bind_ortvalue_output(output.name, value)
            self._values.append(value)
        self.run = lambda: self._session.run_with_iobinding(binding)

    def _keep(self, values):
        self._values = values

    def outputs(self):
        return [np.array(value.numpy() if self.binding else value) for value in self._values]
