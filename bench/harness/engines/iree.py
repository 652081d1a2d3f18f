"""IREE, compiled for this processor."""

import os
import tempfile
from importlib import metadata
from pathlib import Path

import numpy as np

from harness.engines.base import Engine
from harness.engines.converters import python, run_converter

TARGET = ("--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu",
          "--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3")
# What is tried beside the highest level of optimization.
SETTINGS = {
    "O3": (),
    "O3, data tiling, microkernels": ("--iree-opt-data-tiling", "--iree-llvmcpu-enable-ukernels=all"),
    "O3, data tiling, im2col": ("--iree-opt-data-tiling", "--iree-global-opt-use-im2col-for-convs"),
}


def compile_onnx(model, flags, product):
    """Writes the module file `product` of an ONNX file."""
    text = product.with_suffix(".mlir")
    run_converter("iree-import-onnx", python("-m", "iree.compiler.tools.import_onnx", model, "-o", text), text)
    run_converter("iree-compile", python("-m", "iree.compiler.tools.scripts.iree_compile", text, *TARGET, *flags,
                                         "-o", product), product)


class Iree(Engine):
    """A module of iree-compile; one thread runs it inline (local-sync), several as tasks, each on a processor of its own.

    The input is in a buffer of the device, which is the host's memory.
    """

    name = "iree"
    packages = ("iree.compiler", "iree.runtime")
    optional = True

    def __init__(self, setting):
        self.setting = setting

    def version(self):
        return metadata.version("iree-base-compiler")

    def load(self, model, threads):
        import iree.runtime as runtime
        runtime.flags.parse_flags("--task_topology_cpu_ids=" + ",".join(map(str, sorted(os.sched_getaffinity(0)))))
        config = runtime.Config("local-sync" if threads == 1 else "local-task")
        with tempfile.TemporaryDirectory() as folder:
            product = Path(folder) / "model.vmfb"
            compile_onnx(model, SETTINGS[self.setting], product)
            module = runtime.VmModule.copy_buffer(config.vm_instance, product.read_bytes())
        hal = runtime.create_hal_module(config.vm_instance, config.device)
        self._context = runtime.VmContext(config.vm_instance, modules=[hal, module])
        name = next(name for name in module.function_names if "$" not in name and not name.startswith("__"))
        self._function, self._config = module.lookup_function(name), config

    def bind(self, inputs):
        import iree.runtime as runtime
        self._arrays = [runtime.asdevicearray(self._config.device, array) for array in inputs]
        arguments = runtime.VmVariantList(len(inputs))
        for array in self._arrays:
            arguments.push_ref(array._buffer_view)
        context, function = self._context, self._function

        def run():
            self._results = runtime.VmVariantList(1)
            context.invoke(function, arguments, self._results)
        self.run = run

    def outputs(self):
        import iree.runtime as runtime
        views = [self._results.get_as_object(index, runtime.HalBufferView) for index in range(len(self._results))]
        return [np.array(runtime.DeviceArray(self._config.device, view, implicit_host_transfer=True).to_host())
                for view in views]
