#!/usr/bin/env python3
"""Measures layers and networks on another machine, over SSH (see --help)."""

import sys

from on_board.cli import main

if __name__ == "__main__":
    sys.exit(main())
