"""What is measured: layers and networks of a batch size, as ONNX files."""

import fnmatch
from dataclasses import dataclass

import onnx

from compare import networks
from harness.errors import UserError
from layers import model, shapes


@dataclass(frozen=True)
class Case:
    """A layer (`layer`) or a network (`network`), with a batch of `frames`."""

    name: str
    frames: int
    layer: shapes.Layer | None = None
    network: networks.Network | None = None

    def write(self, work):
        """The ONNX file; a layer's chain is made, a network's written unless it is there."""
        return model.write(self.layer, work / "models") if self.layer else networks.onnx_file(self.network, work, self.frames)

    def macs(self, file):
        """MACs of one layer, or of the network."""
        return self.layer.macs if self.layer else networks.macs_and_params(file)[0]


def _of_batch(layer, batch):
    """The same layer for `batch` images, which its descriptor says where they are not one."""
    if layer.mb == batch:
        return layer
    if layer.mb != 1:
        raise UserError(f"{layer.text}: mb {layer.mb} beside --batch {batch}, expected one or the other")
    return shapes.parse(f"mb{batch}{layer.text.removeprefix('mb1')}")


def _frames(path):
    """The first dim of a file's input."""
    graph = onnx.load(path, load_external_data=False).graph
    constants = {tensor.name for tensor in graph.initializer}
    dims = [entry.type.tensor_type.shape.dim for entry in graph.input if entry.name not in constants]
    return dims[0][0].dim_value if dims and len(dims[0]) else 0


def choose(requests, batch, known):
    """The cases for descriptors, patterns, names and ONNX files; all `known` layers without any. Names are not repeated.

    An ONNX file has the batch it has, and belongs to that one alone.
    """
    chosen = {}
    catalogue = networks.catalogue()
    for request in requests or [layer.text for layer in known]:
        if request.endswith(".onnx"):
            (network,) = networks.select([request], None, [])
            found = [Case(network.name, batch, network=network)] if _frames(network.path) == batch else []
        else:
            layers = [layer for layer in known if fnmatch.fnmatchcase(layer.text, request)]
            named = [network for network in catalogue if fnmatch.fnmatchcase(network.name, request)]
            if not layers and not named:
                layers = [shapes.parse(request)]
            found = [Case(layer.text, batch, layer) for layer in (_of_batch(layer, batch) for layer in layers)]
            found += [Case(network.name, batch, network=network) for network in named]
        for case in found:
            if chosen.setdefault(case.name, case) != case:
                raise UserError(f"{request}: a second model named {case.name}, expected different names")
    return chosen

