"""The digits of scikit-learn and the one rule that says which of them are held back.

Training and export both use this module, so an image the network has learned from can never be
among the images it is judged by.

The rule: shuffle the images of each class with a fixed seed, then deal the classes evenly into
one list (the k-th of n images of a class stands at place (k + 1/2) / n).  Every stretch of that
list has about the same mix of classes; its last 450 images are held back.
"""

import numpy as np
from sklearn.datasets import load_digits

SEED = 2024
HELD_BACK = 450
CLASSES = 10
LARGEST_PIXEL = 16.0


def stratified_order(labels):
    """Image numbers in the seeded order described above."""
    shuffled = np.random.RandomState(SEED).permutation(len(labels))
    by_class = [shuffled[labels[shuffled] == digit] for digit in range(CLASSES)]
    places = [(np.arange(len(numbers)) + 0.5) / len(numbers) for numbers in by_class]
    return np.concatenate(by_class)[np.argsort(np.concatenate(places), kind="stable")]


def load(numbers_of):
    """Images (N x 1 x 8 x 8, float32 in [0, 1]) and labels (uint8) at the chosen places."""
    digits = load_digits()
    numbers = numbers_of(stratified_order(digits.target))
    images = (digits.images[numbers, np.newaxis] / LARGEST_PIXEL).astype(np.float32)
    return images, digits.target[numbers].astype(np.uint8)


def load_training():
    """The images the network may learn from."""
    return load(lambda order: order[:-HELD_BACK])


def load_held_back():
    """The images the network has never seen."""
    return load(lambda order: order[-HELD_BACK:])
