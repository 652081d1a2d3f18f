#!/usr/bin/env python3
"""Compares single layers: Convoy against ONNX Runtime, OpenVINO and ncnn (see --help)."""

import sys

from layers.cli import main

if __name__ == "__main__":
    sys.exit(main())
