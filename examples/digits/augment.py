"""Small random turns, scalings and shifts of the training images."""

import torch
from torch.nn.functional import affine_grid, grid_sample

LARGEST_TURN = 0.15  # radians
LARGEST_SCALING = 0.10
LARGEST_SHIFT = 0.15  # of half the image's width


def augment(images):
    """The images, each moved by an affine map of its own, zeros beyond the border."""

    def uniform(largest):
        return (2 * torch.rand(len(images)) - 1) * largest

    turn = uniform(LARGEST_TURN)
    scale = 1 + uniform(LARGEST_SCALING)
    across = torch.stack([scale * turn.cos(), -turn.sin(), uniform(LARGEST_SHIFT)], dim=1)
    down = torch.stack([turn.sin(), scale * turn.cos(), uniform(LARGEST_SHIFT)], dim=1)
    grid = affine_grid(torch.stack([across, down], dim=1), images.shape, align_corners=False)
    return grid_sample(images, grid, align_corners=False)
