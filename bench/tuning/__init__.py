"""The parts of bench/tuning.py: what a run of `convoy tune` gained.

    cli        the command and its options
    found      the file of `convoy tune --json`, and the curve of the best so far
    report     the table, and the bar
    plot       the curve, and what each kernel gained

harness/ holds what it shares with the other commands.
"""
