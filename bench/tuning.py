#!/usr/bin/env python3
"""What tuning gained, from the file that `convoy tune --json` wrote (see --help)."""

import sys

from tuning.cli import main

if __name__ == "__main__":
    sys.exit(main())
