"""The parts of bench/compare.py: whole networks, one engine against the other, in one run.

    cli        the command line and the loop over the networks
    networks   names, patterns, ONNX files and their MACs
    build      one `convoy compile`, timed
    isolate    one network measured in its own process
    measure    load, compare the outputs, then measure
    timing     bursts, rounds, rotated order
    engines    the three engines behind one small interface
    results    what was measured, and its JSON form
    summary    ratios, groups of networks, geometric means
    table      the terminal and Markdown tables
    plot       time against MACs, one panel a family
"""
