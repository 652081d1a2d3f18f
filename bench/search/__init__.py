"""The parts of bench/search.py: how near the tuner's search comes to measuring everything.

    cli        the command: measure all points, replay the search on their times
    options    the command line
    curves     the best time so far of each way to search, and how near it is
    report     the table, and the bar
    plot       the best so far against the number of measurements
    replay.cpp the tuner's own search on recorded times

harness/ holds what it shares with the other commands.
"""
