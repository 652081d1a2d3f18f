"""The network: one of each kind of convolution that Convoy compiles, in PyTorch."""

from torch import nn


def convolution(inputs, outputs, kernel=1, stride=1, groups=1, activation=None):
    """A convolution without bias, its batch norm and, where named, an activation."""
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([activation()] if activation else []))


def separable(inputs, middle, outputs, stride=1, activation=None):
    """Pointwise to `middle` channels, depthwise 3x3 (both with ReLU6), pointwise to `outputs`."""
    return nn.Sequential(
        convolution(inputs, middle, activation=nn.ReLU6),
        convolution(middle, middle, 3, stride, groups=middle, activation=nn.ReLU6),
        convolution(middle, outputs, activation=activation),
    )


class DigitsNet(nn.Module):
    """1 x 8 x 8 image in, 10 logits out."""

    def __init__(self):
        super().__init__()
        self.stem = convolution(1, 32, 3, activation=nn.ReLU)
        self.grouped = convolution(32, 32, 3, groups=8, activation=nn.ReLU)
        self.residual = separable(32, 64, 32)
        self.reduce = separable(32, 64, 96, stride=2, activation=nn.ReLU)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.classify = nn.Linear(96, 10)

    def forward(self, image):
        x = self.grouped(self.stem(image))
        x = x + self.residual(x)
        return self.classify(self.flatten(self.pool(self.reduce(x))))
