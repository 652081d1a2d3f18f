"""The engines on CUDA: Convoy's library on memory of the GPU, and PyTorch with cuDNN or compiled."""

import ctypes
import functools

import numpy as np

from compare_gpu import cuda
from harness.engines import SUBJECT, Convoy
from harness.engines.base import Engine

CUDNN = "cudnn"
COMPILED = "torch_compiled"
PEERS = (CUDNN, COMPILED)
ENGINES = (SUBJECT, *PEERS)
HOST, GPU = "cpu", "cuda"


class ConvoyOnDevice(Convoy):
    """`run_device` on tensors of PyTorch. `place` is theirs; on the host there is neither stream nor graph.

    `graph` replays a run that was captured once: launching kernels one by one takes longer than small ones run.
    """

    def __init__(self, library, prefix, version="", setting="", graph=False, place=GPU):
        super().__init__(library, prefix, version, f"{setting}, {'CUDA graph' if graph else 'launched'}")
        self.optional = self.graph = graph
        self.place = place

    def bind(self, inputs):
        import torch
        self.expect_inputs(inputs)
        stream = cuda.stream().cuda_stream if self.place == GPU else None
        run_device = self._function("run_device", ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
        self._inputs = [torch.from_numpy(array).to(self.place) for array in inputs]
        self._outputs = [torch.full(shape, float("nan"), device=self.place) for shape in self._output_shapes]
        call = functools.partial(run_device, self._addresses(self._inputs), self._addresses(self._outputs),
                                 ctypes.c_void_p(stream))
        self.run = self.checked(call, "run_device")
        if self.graph:
            self.run = cuda.graphed(self.run)

    @staticmethod
    def _addresses(tensors):
        """A C array of the tensors' addresses."""
        return (ctypes.c_void_p * len(tensors))(*(tensor.data_ptr() for tensor in tensors))

    def outputs(self):
        return _to_numpy(self._outputs, self.place)


class Torch(Engine):
    """A module made from the ONNX file, TF32 off; eager, or compiled in one of torch.compile's modes.

    `fused` calls cuDNN's convolution with bias and ReLU; `graph` captures a run and replays it.
    """

    def __init__(self, channels_last=False, fused=False, graph=False, mode="", place=GPU):
        self.name = COMPILED if mode else CUDNN
        self.channels_last, self.fused, self.mode, self.place = channels_last, fused, mode, place
        self.optional = self.graph = graph
        said = [mode, "NHWC" if channels_last else "NCHW", "conv+bias+relu" if fused else "",
                "CUDA graph" if graph else ""]
        self.setting = ", ".join(filter(None, said))

    def load(self, model, threads):
        import torch
        from compare_gpu.torch_model import OnnxModule
        if self.place == GPU:
            cuda.stream()
        torch.set_grad_enabled(False)
        self._format = torch.channels_last if self.channels_last else torch.contiguous_format
        module = OnnxModule(model, self.fused).eval().to(self.place, memory_format=self._format)
        self._module = torch.compile(module, mode=self.mode) if self.mode else module

    def bind(self, inputs):
        import torch
        tensors = [torch.from_numpy(array).to(self.place) for array in inputs]
        tensors = [tensor.to(memory_format=self._format) if tensor.ndim == 4 else tensor for tensor in tensors]

        def run():
            self._output = self._module(*tensors)
        self.run = run
        if self.graph:
            self.run = cuda.graphed(run)

    def outputs(self):
        return _to_numpy([self._output], self.place)


def _to_numpy(tensors, place):
    """Copies for the host, once the stream has come to its end."""
    if place == GPU:
        cuda.stream().synchronize()
    return [np.array(tensor.cpu().contiguous().numpy()) for tensor in tensors]


def candidates(name, mode):
    """The settings of a peer, of which each case takes the fastest; those with `optional` may fail."""
    if name == COMPILED:
        return [Torch(mode=mode)]
    graphs = [Torch(channels_last, fused, graph=True) for channels_last in (False, True) for fused in (False, True)]
    return [Torch(), *graphs]


def versions(names, compiler):
    """{engine: version}."""
    import torch
    told = {SUBJECT: compiler, COMPILED: torch.__version__,
            CUDNN: f"{torch.backends.cudnn.version()} through PyTorch {torch.__version__}"}
    return {name: told[name] for name in names}
