"""What bench/compare.py, bench/layers.py and bench/compare_gpu.py share: engines measured against each other in one run.

    options    command-line options that both have
    session    the loop over the rows, the live table, the files rewritten after every row
    build      one `convoy compile`, timed, other commands, and the records that they take
    isolate    one row measured, or other work done, in a process of its own
    measure    load, compare the outputs, then measure
    timing     bursts, rounds, rotated order
    engines    the engines behind one small interface
    machine    what the numbers were measured on, and which processors to pin to
    results    what was measured, and its JSON form
    stats      percentiles and geometric means
    table      rows that line up, on the terminal and in Markdown
"""
