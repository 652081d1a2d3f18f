#!/usr/bin/env python3
"""Compares whole networks: Convoy against ONNX Runtime and OpenVINO (see --help)."""

import sys

from compare.cli import main

if __name__ == "__main__":
    sys.exit(main())
