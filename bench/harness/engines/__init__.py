"""The engines, each in the settings that are worth trying."""

from harness.engines.convoy import Convoy
from harness.engines.iree import SETTINGS as IREE_SETTINGS
from harness.engines.iree import Iree
from harness.engines.mnn import Mnn, MnnModule
from harness.engines.ncnn import Ncnn
from harness.engines.ncnn_network import NcnnNetwork
from harness.engines.onnxruntime import OnnxRuntime
from harness.engines.openvino import OpenVino
from harness.engines.pytorch import PyTorch

SUBJECT = "convoy"
DIRECT = "convoy_direct"  # Convoy again, compiled with --no-winograd
UNTUNED = "convoy_untuned"  # Convoy again, compiled without records
NCNN_DIRECT = "ncnn_direct"  # ncnn again, its Winograd off
REFERENCE = "onnxruntime"
TITLES = {SUBJECT: "Convoy", DIRECT: "direct", UNTUNED: "untuned", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO",
          "ncnn": "ncnn", NCNN_DIRECT: "ncnn direct", "pytorch": "PyTorch", "iree": "IREE", "mnn": "MNN",
          "cudnn": "cuDNN", "torch_compiled": "torch compiled"}
COLOURS = {SUBJECT: "#c1272d", DIRECT: "#e8a09c", UNTUNED: "#d9a441", "onnxruntime": "#1f6fb4", "openvino": "#2e8b57",
           "ncnn": "#8a5fb0", NCNN_DIRECT: "#c9b3da", "pytorch": "#e07b1a", "iree": "#6b6b6b", "mnn": "#17a2b0",
           "cudnn": "#2e8b57", "torch_compiled": "#1f6fb4"}
ALL_PEERS = ("onnxruntime", "openvino", "ncnn", "pytorch", "iree", "mnn")
# What a time of Convoy is compared with: every peer as it is, or where nobody uses Winograd.
PEERS = {SUBJECT: ALL_PEERS, UNTUNED: ALL_PEERS, DIRECT: ("onnxruntime", "openvino", NCNN_DIRECT)}
NETWORK_ENGINES = (SUBJECT, "onnxruntime", "openvino")
LAYER_ENGINES = (*NETWORK_ENGINES, "ncnn")


def peer_candidates(name, isa=None):
    """Every setting of a peer that is tried on each model before the best one is measured.

    `isa` holds an engine that can be held to it (OpenVINO) to that instruction set, in oneDNN's words.
    """
    if name == "onnxruntime":
        return [OnnxRuntime(binding=True), OnnxRuntime(binding=False),
                OnnxRuntime(binding=True, level="ORT_ENABLE_EXTENDED")]
    if name in ("ncnn", NCNN_DIRECT):
        return [Ncnn(winograd=name == "ncnn")]
    return [OpenVino(pinning, isa) for pinning in (False, True)]


def network_candidates(name):
    """The same for whole networks, which more engines take."""
    more = {
        "ncnn": lambda: [NcnnNetwork()],
        "pytorch": lambda: [PyTorch(compiled) for compiled in (False, True)],
        "iree": lambda: [Iree(setting) for setting in IREE_SETTINGS],
        "mnn": lambda: [kind(large) for large in (True, False) for kind in (Mnn, MnnModule)],
    }
    return more[name]() if name in more else peer_candidates(name)
