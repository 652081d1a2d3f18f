"""Writes the held-back images and their labels as files that the C++ program reads.

    python export_images.py OUT_DIR

images.f32  N x 1 x 8 x 8 float32, little-endian, in [0, 1]
labels.u8   N bytes, the digit each image shows
"""

import argparse
from pathlib import Path

from dataset import load_held_back


def main():
    """Write both files."""
    parser = argparse.ArgumentParser(description="Write the held-back digits as binary files.")
    parser.add_argument("out_dir", type=Path, help="folder for images.f32 and labels.u8")
    out_dir = parser.parse_args().out_dir
    out_dir.mkdir(parents=True, exist_ok=True)
    images, labels = load_held_back()
    images.astype("<f4").tofile(out_dir / "images.f32")
    labels.tofile(out_dir / "labels.u8")
    print(f"{len(labels)} images written to {out_dir}")


if __name__ == "__main__":
    main()
