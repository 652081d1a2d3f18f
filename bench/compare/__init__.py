"""The parts of bench/compare.py: whole networks, one engine against the other, in one run.

    cli            the command: how one network is measured
    options        the command line
    networks       names, patterns, ONNX files and their MACs
    row            what is known of one network
    beside         an earlier run beside this one
    summary        groups of networks, geometric means
    limits         what keeps the groups from more, by profiles of their networks
    scaling        measured against expected times within a family
    left_out       settings, and what was left out and why
    table          the columns and the lines below them
    markdown       the same in Markdown
    panels         a picture with a panel a family
    plot           time against MACs
    plot_expected  measured against expected times
    plot_variants  the time of every variant
    plot_times     times, a line a network, where there are no families

harness/ holds what it shares with bench/layers.py.
"""
