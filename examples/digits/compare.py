"""Compares the example program with ONNX Runtime, image by image.

    python compare.py --images DIR --predictions DIR/predictions.f32 --model digits.onnx \\
        [--library libdigits.a]

Run the program first: it writes the predictions and, beside them, timing.json.  The exit code is
1 if a single image is put in another class.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from onnx_runtime import call_overhead, classify

CLASSES = 10
IMAGE_SHAPE = (1, 8, 8)


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description="Compare the program with ONNX Runtime.")
    parser.add_argument("--images", type=Path, required=True, help="folder of images.f32")
    parser.add_argument("--predictions", type=Path, required=True, help="the program's logits")
    parser.add_argument("--model", type=Path, required=True, help="the ONNX model")
    parser.add_argument("--library", type=Path, help="the compiled library, for its size")
    return parser.parse_args()


def require(path):
    """The path, if a file is there."""
    if not path.is_file():
        raise SystemExit(f"{path}: found no such file, expected one")
    return path


def read(path, dtype, shape):
    """A binary file as an array of exactly that shape."""
    array = np.fromfile(require(path), dtype)
    expected = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if path.stat().st_size != expected:
        raise SystemExit(f"{path}: found {path.stat().st_size} bytes, expected {expected}")
    return array.reshape(shape)


def read_timing(path, images):
    """Median and minimum the program measured on this many images."""
    timing = json.loads(require(path).read_text())
    if timing["images"] != images:
        raise SystemExit(f"{path}: found {timing['images']} images, expected {images}")
    return timing["median_us"], timing["minimum_us"]


def table(rows):
    """Lines of a table: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:])]
        yield "  ".join([first.ljust(widths[0]), *cells]).rstrip()


def main():
    """Print the table; fail where the classes differ."""
    args = arguments()
    labels = np.fromfile(require(args.images / "labels.u8"), np.uint8)
    images = read(args.images / "images.f32", "<f4", (len(labels), *IMAGE_SHAPE))
    convoy = read(args.predictions, "<f4", (len(labels), CLASSES))
    if not np.isfinite(convoy).all():
        raise SystemExit(f"{args.predictions}: found logits that are not finite, expected none")
    median, minimum = read_timing(args.predictions.with_name("timing.json"), len(labels))
    reference, samples = classify(str(require(args.model)), images, CLASSES)
    overhead = call_overhead(len(images))

    found, expected = convoy.argmax(axis=1), reference.argmax(axis=1)
    differing = np.flatnonzero(found != expected)
    error = np.abs(convoy - reference).max() / np.abs(reference).max()
    rows = [
        ("", "Convoy", "ONNX Runtime"),
        ("accuracy", f"{(found == labels).mean():.2%}", f"{(expected == labels).mean():.2%}"),
        ("time per image, median", f"{median:.1f} us", f"{np.median(samples):.1f} us"),
        ("time per image, minimum", f"{minimum:.1f} us", f"{samples.min():.1f} us"),
        ("  of it the call from Python", "", f"{np.median(overhead):.1f} us"),
        ("images", str(len(labels)), ""),
        ("images in another class", str(len(differing)), ""),
        ("largest relative difference", f"{error:.1e}", ""),
    ]
    if args.library:
        rows.append(("library", f"{require(args.library).stat().st_size} bytes", ""))
    print("\n".join(table(rows)))
    if len(differing):
        listed = ", ".join(f"{i} ({found[i]}, expected {expected[i]})" for i in differing)
        raise SystemExit(f"{args.predictions}: found other classes for images {listed}")


if __name__ == "__main__":
    main()
