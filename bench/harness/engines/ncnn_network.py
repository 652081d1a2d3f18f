"""ncnn on whole networks, which pnnx converts."""

from importlib import metadata, util
from pathlib import Path

import numpy as np
import onnx

from harness.engines.base import Converted
from harness.engines.converters import batch_of, make_single, run_converter
from harness.engines.ncnn import Ncnn, new_net, read_into
from harness.errors import ModelError


def convert(model, folder):
    """(.param file, .bin file) in `folder` of an ONNX file, for one image."""
    program = Path(util.find_spec("pnnx").origin).with_name("pnnx")
    single = folder / "single.onnx"  # pnnx writes beside what it reads
    graph = onnx.load(model)
    if batch_of(graph) != 1:
        make_single(graph)
    onnx.save(graph, single)
    made = {kind: folder / f"model.{kind}" for kind in ("pnnxparam", "pnnxbin", "pnnxpy", "pnnxonnx", "ncnnparam",
                                                        "ncnnbin", "ncnnpy")}
    run_converter("pnnx", [program, single, *(f"{kind}={path}" for kind, path in made.items()), "fp16=0"],
                  made["ncnnparam"])
    return made["ncnnparam"], made["ncnnbin"]


class NcnnNetwork(Converted, Ncnn):
    """As for layers. ncnn knows no batches: images run one after the other."""

    packages = ("ncnn", "pnnx")

    def version(self):
        return f"{metadata.version('ncnn')} (pnnx {metadata.version('pnnx')})"

    def convert(self, model, folder):
        return convert(model, folder)

    def open(self, product, threads):
        self._net = new_net(threads, self.winograd)
        read_into(self._net, *product)

    def bind(self, inputs):
        import ncnn
        if len(inputs) != 1:
            raise ModelError(f"ncnn: {len(inputs)} inputs, expected one")
        net = self._net
        mats = [ncnn.Mat(image).clone() for image in inputs[0]]

        def run():
            found = []
            for mat in mats:
                extractor = net.create_extractor()
                extractor.input("in0", mat)
                code, output = extractor.extract("out0")
                if code:
                    raise ModelError(f"ncnn: error {code} of the extractor")
                found.append(output)
            self._found = found
        self.run = run

    def outputs(self):
        return [np.stack([np.array(output) for output in self._found])]
