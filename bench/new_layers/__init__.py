"""The parts of bench/new_layers.py: layers drawn at random, tuned from nothing, against other engines.

    cli        the command: how one layer is tuned and measured
    options    the command line
    draw       layers at random
    row        what is known of one layer
    report     bars, columns, Markdown and picture

layers/ holds what it shares with bench/layers.py, tuning/ what reads the tuner's file, harness/ the rest.
"""
