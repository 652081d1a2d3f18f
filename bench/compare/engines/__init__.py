"""The engines, each in the settings that are worth trying."""

from compare.engines.convoy import Convoy
from compare.engines.onnxruntime import OnnxRuntime
from compare.engines.openvino import OpenVino

TITLES = {"convoy": "Convoy", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
REFERENCE = "onnxruntime"
SUBJECT = "convoy"


def peer_candidates(name):
    """Every setting of a peer that is tried on each network before the best one is measured."""
    if name == "onnxruntime":
        return [OnnxRuntime(binding=True), OnnxRuntime(binding=False),
                OnnxRuntime(binding=True, level="ORT_ENABLE_EXTENDED")]
    return [OpenVino(pinning=False), OpenVino(pinning=True)]


__all__ = ["Convoy", "OnnxRuntime", "OpenVino", "REFERENCE", "SUBJECT", "TITLES", "peer_candidates"]
