"""Trains the digits network and writes digits.onnx beside this file.

    pip install torch scikit-learn onnx onnxruntime
    python train.py

Only this step needs PyTorch.  Seed, order of the images and number of threads are fixed, so the
same versions on the same kind of processor write the same file again.  The held-back images
take no part in training; they are looked at once, at the end.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from augment import augment
from dataset import load_held_back, load_training
from export_onnx import check, export
from network import DigitsNet

SEED = 1
EPOCHS = 30
BATCH = 64
LARGEST_RATE = 0.01
WEIGHT_DECAY = 0.01
LABEL_SMOOTHING = 0.05


def train(images, labels):
    """A network fitted to the images."""
    images, labels = torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64))
    network = DigitsNet().train()
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=LARGEST_RATE, weight_decay=WEIGHT_DECAY
    )
    batches = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LARGEST_RATE, total_steps=EPOCHS * batches
    )
    for epoch in range(1, EPOCHS + 1):
        total = 0.0
        for numbers in torch.randperm(len(images))[: batches * BATCH].split(BATCH):
            logits = network(augment(images[numbers]))
            loss = cross_entropy(logits, labels[numbers], label_smoothing=LABEL_SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch:2d}  loss {total / batches:.4f}")
    return network.eval()


def count_wrong(network, images, labels):
    """How many of the images the network puts in another class than their label."""
    with torch.no_grad():
        predicted = network(torch.from_numpy(images)).argmax(dim=1).numpy()
    return int((predicted != labels).sum())


def main():
    """Train, write, check, report."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    network = train(*load_training())
    images, labels = load_held_back()
    wrong = count_wrong(network, images, labels)
    path = Path(__file__).with_name("digits.onnx")
    export(network, str(path))
    error = check(network, str(path), images)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    print(f"held-back images    {len(images)}, {wrong} wrong: {1 - wrong / len(images):.2%} right")
    print(f"parameters          {parameters}")
    print(f"{path.name}         {path.stat().st_size} bytes")
    print(f"ONNX Runtime        same classes, largest relative error {error:.1e}")


if __name__ == "__main__":
    main()
