"""The parts of bench/compare_gpu.py: layers and networks on a GPU, one engine against the other, in one run.

    cli          the command: how one case is measured
    options      the command line
    cases        layers and networks of a batch size, as ONNX files
    device       what must be there, and the board that suits the GPU
    cuda         the stream, bursts timed by its events, graphs of launches
    engines      Convoy on memory of the GPU, PyTorch eager and compiled
    torch_model  an ONNX file as a PyTorch module
    energy       millijoules a run, from NVML
    row          what is known of one case
    report       bars, columns, Markdown and picture

harness/ and layers/ hold what it shares with the other commands.
"""
