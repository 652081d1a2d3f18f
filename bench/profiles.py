#!/usr/bin/env python3
"""Profiles whole networks: their layers, libraries, start and memory (see --help)."""

import sys

from profiles.cli import main

if __name__ == "__main__":
    sys.exit(main())
