"""The parts of bench/layers.py: single layers, one engine against the other, in one run.

    cli        the command
    options    the command line
    shapes     problem descriptors, and the files that list them
    model      a layer, or a chain of equal ones, as an ONNX file
    measuring  how one layer is compiled and measured
    roofline   this machine's measured peak and bandwidth, and the least time of a layer
    row        what is known of one layer
    bars       classes of layers and the ratios expected of them
    reasons    why a layer stays far below the roofline
    table      the columns and the lines below them
    markdown   the same in Markdown
    plot       ratios and shares of the roofline

harness/ holds what it shares with bench/compare.py; bench/new_layers.py is made of these parts, too.
"""
