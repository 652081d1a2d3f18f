"""Names, patterns and files: which networks to compare, and their ONNX files."""

import fnmatch
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import onnx

from compare.errors import NetworkError, UserError

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
WRITER = MODELS / "write.py"
sys.path.insert(1, str(ROOT))  # for the models package, which counts and names the networks
VARIANT = re.compile(r"(?P<family>.+)_(?P<variant>S|GN|G\d+|g\d+)")


@dataclass(frozen=True)
class Network:
    """A network by name; `path` is the file the caller gave, None for those models/ writes."""

    name: str
    path: Path | None = None

    @property
    def family(self):
        match = VARIANT.fullmatch(self.name)
        return match["family"] if match else ""

    @property
    def variant(self):
        match = VARIANT.fullmatch(self.name)
        return match["variant"] if match else self.name


def catalogue():
    """The names that models/write.py writes, in its order."""
    from models.networks import NETWORKS
    return list(NETWORKS)


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


def _matches(request, names):
    """The networks one argument stands for."""
    if request.endswith(".onnx"):
        path = Path(request)
        if not path.is_file():
            raise UserError(f"{request}: no such file, expected an ONNX file")
        return [Network(path.stem, path.resolve())]
    found = [Network(name) for name in names if fnmatch.fnmatchcase(name, request)]
    if not found:
        raise UserError(f"{request}: none of the {len(names)} networks, expected a name, a pattern "
                        "such as 'resnet34_*' or an .onnx file (--list shows the names)")
    return found


def select(requests, families, names):
    """Networks for names, patterns and files, without repeats; all `names` when there are none."""
    chosen = {}
    for request in requests or ["*"]:
        for network in _matches(request, names):
            known = chosen.setdefault(network.name, network)
            if known != network:
                raise UserError(f"{request}: a second network named {network.name}, expected different names")
    picked = list(chosen.values())
    if families:
        known = sorted({network.family for network in picked if network.family})
        for family in families:
            if family not in known:
                raise UserError(f"--family {family}: none of the chosen networks, "
                                f"expected one of {', '.join(known)}")
        picked = [network for network in picked if network.family in families]
    return picked


def _is_current(path):
    """Whether an ONNX file is there and no older than the scripts that write it."""
    if not path.is_file():
        return False
    written = path.stat().st_mtime
    return all(script.stat().st_mtime <= written for script in MODELS.glob("*.py"))


def onnx_file(network, work, batch):
    """The network's ONNX file; written below `work` unless it is there already."""
    if network.path:
        return network.path
    directory = work / "models" / f"batch{batch}"
    path = directory / f"{network.name}.onnx"
    if _is_current(path):
        return path
    directory.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, WRITER, network.name, "-o", directory, "--batch", str(batch)]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode or not path.is_file():
        lines = (answer.stderr or answer.stdout).strip().splitlines() or ["no message"]
        raise NetworkError(f"models/write.py {network.name}, exit code {answer.returncode}: {lines[-1]}")
    return path
