#!/usr/bin/env python3
"""Tunes layers that nobody listed, from nothing, and compares them with other engines (see --help)."""

import sys

from new_layers.cli import main

if __name__ == "__main__":
    sys.exit(main())
