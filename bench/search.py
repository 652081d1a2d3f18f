#!/usr/bin/env python3
"""How near the tuner's search comes to measuring every schedule (see --help)."""

import sys

from search.cli import main

if __name__ == "__main__":
    sys.exit(main())
