"""The parts of bench/on_board.py: layers and networks on another machine, over SSH.

    cli        the command
    options    the command line
    cases      what is measured: compiled for the board, with an input and the output it should have
    program    the static program of all cases; program.c is what it does
    remote     the other machine: sends the program, runs it, leaves nothing
    probe      peak and bandwidth of one core, beside the board file
    report     the results as table, Markdown and JSON
"""
