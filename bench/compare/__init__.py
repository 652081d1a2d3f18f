"""The parts of bench/compare.py: whole networks, one engine against the other, in one run.

    cli        the command: how one network is measured
    options    the command line
    networks   names, patterns, ONNX files and their MACs
    row        what is known of one network
    summary    groups of networks, geometric means
    table      the columns and the lines below them
    markdown   the same in Markdown
    plot       time against MACs, one panel a family
    plot_times times, a line a network, where there are no families

harness/ holds what it shares with bench/layers.py.
"""
