"""The parts of bench/profiles.py: where a network's time goes, and what its library, its start and its memory cost.

    cli        the command: how one network is profiled
    options    the command line
    row        what is known of one network
    steps      the steps of a network, equal ones merged, by kinds
    start      loading, first result and memory of one engine, in fresh processes
    memory     what a process has in memory, and at most had
    bars       what is expected of every network, and which networks miss it
    table      the columns, and the lines below them
    markdown   the page
    plot       where the time goes, a bar a network

harness/ holds what it shares with the other commands. The name is not "profile": Python has a module of that name, which
cProfile, and with it PyTorch, would find here instead.
"""
