#!/usr/bin/env python3
"""Compares layers and networks on an NVIDIA GPU: Convoy against cuDNN and compiled PyTorch (see --help)."""

import sys

from compare_gpu.cli import main

if __name__ == "__main__":
    sys.exit(main())
