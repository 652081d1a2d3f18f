"""Names, patterns and files: which networks to compare, and their ONNX files."""

import fnmatch
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import onnx

from harness.errors import ModelError, UserError
from harness.options import ROOT

MODELS = ROOT / "models"
sys.path.insert(1, str(ROOT))  # for the models package, which counts and names the networks
VARIANT = re.compile(r"(?P<family>.+)_(?P<variant>S|GN|G\d+|g\d+)")


@dataclass(frozen=True)
class Suite:
    """Networks that one script writes; their files are written anew when one of the `sources` is newer."""

    writer: Path
    sources: str

    def is_current(self, path):
        """Whether an ONNX file is there and no older than the scripts that write it."""
        if not path.is_file():
            return False
        written = path.stat().st_mtime
        return all(script.stat().st_mtime <= written for script in MODELS.glob(self.sources))


SUITES = {
    "papers": Suite(MODELS / "write.py", "*.py"),
    "torchvision": Suite(MODELS / "export_torchvision.py", "export_torchvision.py"),
    "torchvision-dynamo": Suite(MODELS / "export_torchvision.py", "export_torchvision.py"),
}


@dataclass(frozen=True)
class Network:
    """A network by name, of a suite or (`path`) a file the caller gave."""

    name: str
    path: Path | None = None
    suite: str = "papers"

    @property
    def family(self):
        match = VARIANT.fullmatch(self.name)
        return match["family"] if match else ""

    @property
    def variant(self):
        match = VARIANT.fullmatch(self.name)
        return match["variant"] if match else self.name


def catalogue(suite="papers"):
    """The networks of a suite, in the order of the script that writes them."""
    if suite == "papers":
        from models.networks import NETWORKS as names
    else:
        from models.export_torchvision import DYNAMO, NAMES
        names = [name + DYNAMO for name in NAMES] if suite == "torchvision-dynamo" else NAMES
    return [Network(name, suite=suite) for name in names]


def is_torchvision(name):
    """Whether a name is that of a network of torchvision, of either exporter."""
    from models.export_torchvision import DYNAMO, NAMES
    return name.removesuffix(DYNAMO) in NAMES


def macs_and_params(path):
    """MACs and parameters of an ONNX file as models/count.py counts them; None where it cannot."""
    from models.count import count
    model = onnx.load(path, load_external_data=False)
    if not model.graph.value_info:
        model = onnx.shape_inference.infer_shapes(model)
    try:
        counts = count(model)
    except (KeyError, IndexError):
        return None, None
    return counts.macs, counts.params


def _matches(request, known):
    """The networks one argument stands for."""
    if request.endswith(".onnx"):
        path = Path(request)
        if not path.is_file():
            raise UserError(f"{request}: no such file, expected an ONNX file")
        return [Network(path.stem, path.resolve())]
    found = [network for network in known if fnmatch.fnmatchcase(network.name, request)]
    if not found:
        raise UserError(f"{request}: none of the {len(known)} networks, expected a name, a pattern "
                        "such as 'resnet34_*' or an .onnx file (--list shows the names)")
    return found


def select(requests, families, known):
    """The networks for names, patterns and files, without repeats; all that are `known` when there are none."""
    chosen = {}
    for request in requests or ["*"]:
        for network in _matches(request, known):
            first = chosen.setdefault(network.name, network)
            if first != network:
                raise UserError(f"{request}: a second network named {network.name}, expected different names")
    picked = list(chosen.values())
    if families:
        present = sorted({network.family for network in picked if network.family})
        for family in families:
            if family not in present:
                raise UserError(f"--family {family}: none of the chosen networks, "
                                f"expected one of {', '.join(present)}")
        picked = [network for network in picked if network.family in families]
    return picked


def onnx_file(network, work, batch):
    """The network's ONNX file; written below `work` unless it is there already."""
    if network.path:
        return network.path
    suite = SUITES[network.suite]
    directory = work / "models" / f"batch{batch}"
    path = directory / f"{network.name}.onnx"
    if suite.is_current(path):
        return path
    directory.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, suite.writer, network.name, "-o", directory, "--batch", str(batch)]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode or not path.is_file():
        lines = (answer.stderr or answer.stdout).strip().splitlines() or ["no message"]
        raise ModelError(f"{suite.writer.name} {network.name}, exit code {answer.returncode}: {lines[-1]}")
    return path
