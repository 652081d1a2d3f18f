"""The command that exports torchvision's networks as ONNX files; `python models/export_torchvision.py --help`.

It needs torch and torchvision (requirements-torchvision.txt); the names alone do not.
"""

import argparse
import sys
import warnings
from pathlib import Path

NAMES = (
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_b0",
    "regnet_x_400mf",
    "regnet_y_400mf",
    "shufflenet_v2_x1_0",
    "convnext_tiny",
    "squeezenet1_1",
    "densenet121",
    "resnext50_32x4d",
    "googlenet",
)
OPTIONS = {"googlenet": {"aux_logits": False, "init_weights": False}}
EXTENT = 224
CALIBRATION_IMAGES = 4
# A name with this suffix is exported by PyTorch's newer exporter, which captures with dynamo; others are traced.
DYNAMO = "_dynamo"
TRACE_OPSET, DYNAMO_OPSET = 17, 18

DESCRIPTION = """\
Exports torchvision's networks with PyTorch's ONNX exporters, with random weights: nothing is downloaded.

Each NAME becomes DIR/NAME.onnx: f32, static shapes, input "input" (batch, 3, 224, 224). Batch norms get
statistics and scales that differ a little from those of random images, and the classifier's bias makes the
outputs 0 on average, so that a mistake anywhere shows in them. NAME alone is exported by tracing, in opset 17;
NAME_dynamo by the newer exporter, in opset 18, which needs onnxscript.
"""


def build(name, seed):
    """The network in evaluation mode, with the seed's weights."""
    import torch
    import torchvision

    torch.manual_seed(seed)
    model = torchvision.models.get_model(name, weights=None, **OPTIONS.get(name, {})).eval()
    with torch.no_grad():
        _randomise_batch_norms(model)
        _centre_outputs(model)
    return model


def _images():
    import torch

    return torch.randn(CALIBRATION_IMAGES, 3, EXTENT, EXTENT)


def _randomise_batch_norms(model):
    """Random scales and shifts; statistics as measured on random images, then disturbed by up to a quarter."""
    import torch

    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.weight.uniform_(0.75, 1.25)
        norm.bias.normal_(0, 0.2)
        norm.momentum = 1.0
        norm.train()
    model(_images())
    for norm in norms:
        norm.eval()
        norm.running_mean += norm.running_var.sqrt() * torch.empty_like(norm.running_mean).normal_(0, 0.1)
        norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.75, 1.25)


def _centre_outputs(model):
    """Takes the mean output off the last bias: what is left of an output depends on the image."""
    import torch

    last = [module for module in model.modules() if isinstance(module, (torch.nn.Linear, torch.nn.Conv2d))][-1]
    if isinstance(last, torch.nn.Linear):
        last.bias -= model(_images()).mean(0)


def export(name, directory, batch, seed):
    """Writes the ONNX file whole or not at all; its path."""
    import torch

    dynamo = name.endswith(DYNAMO)
    path = directory / f"{name}.onnx"
    partial = path.with_name(path.name + ".part")
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(build(name.removesuffix(DYNAMO), seed), (torch.zeros(batch, 3, EXTENT, EXTENT),),
                              partial, input_names=["input"], output_names=["output"],
                              opset_version=DYNAMO_OPSET if dynamo else TRACE_OPSET,
                              dynamo=dynamo, external_data=False, verbose=False)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


class UsageError(Exception):
    """A mistake in the command line, told in one line."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(message)


def _expanded(name):
    """The networks that a name stands for: `all` and `all_dynamo` for each."""
    plain = name.removesuffix(DYNAMO)
    return [each + name[len(plain):] for each in NAMES] if plain == "all" else [name]


def parse(arguments):
    parser = Parser(prog="export_torchvision.py", description=DESCRIPTION,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", metavar="NAME", help=f"all, or some of {', '.join(NAMES)}; each also with {DYNAMO}")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="folder; made if missing")
    parser.add_argument("--batch", type=int, default=1, metavar="N", help="batch size (default: 1)")
    parser.add_argument("--seed", type=int, default=20260, metavar="S", help="seed of the weights (default: 20260)")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name.removesuffix(DYNAMO) not in (*NAMES, "all")]
    if unknown:
        raise UsageError(f"unknown network {unknown[0]!r}; there are: {', '.join(NAMES)}, all")
    if options.batch < 1:
        raise UsageError(f"--batch must be at least 1, not {options.batch}")
    options.names = list(dict.fromkeys(each for name in options.names for each in _expanded(name)))
    return options


def main(arguments):
    try:
        options = parse(arguments)
        for name in options.names:
            print(export(name, options.output, options.batch, options.seed), flush=True)
    except UsageError as error:
        print(f"export_torchvision.py: {error}", file=sys.stderr)
        return 1
    except ImportError as error:
        print(f"export_torchvision.py: {error}, expected torch and torchvision as in requirements-torchvision.txt",
              file=sys.stderr)
        return 1
    except OSError as error:
        print(f"export_torchvision.py: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
