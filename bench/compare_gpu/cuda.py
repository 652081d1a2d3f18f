"""The one stream that engines on CUDA share, bursts timed by its events, and graphs of what is launched."""

import functools

WARM_UP_RUNS = 3


@functools.cache
def stream():
    """The current stream of this process from now on; PyTorch in fp32 proper, with cuDNN's fastest algorithms.

    It is none of CUDA's default streams: a null stream means Convoy's own, and nothing is captured on one.
    """
    import torch
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    made = torch.cuda.Stream()
    torch.cuda.set_stream(made)
    return made


def burst(run, count):
    """Nanoseconds of a run, as a list of one: the mean of `count` in a row, between two events."""
    import torch
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record(stream())
    for _ in range(count):
        run()
    end.record(stream())
    end.synchronize()
    return [begin.elapsed_time(end) * 1e6 / count]


def graphed(run):
    """What launches all that `run` launches at once: a CUDA graph of it."""
    import torch
    for _ in range(WARM_UP_RUNS):
        run()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream()):
        run()
    return graph.replay
