"""Can the lessons of the colour chapters be seen on the generated set? `python benchmarks/shapes_orders.py`.

The generator (`cnnlib.data.shapes`) was frozen first. Then these orders were measured on it with training seeds that
had not been used before: five runs each, mean ± standard deviation of the test accuracy, on the package's own data.
"""

import statistics
import sys
from dataclasses import replace

from torch import nn

from cnnlib import data, devices, models, train

SEEDS = range(100, 105)
ADAM = train.Recipe(epochs=6, batch_size=64, optimizer="adam", lr=1e-3, scaling="symmetric", validation=0)
SGD = train.Recipe(epochs=6, batch_size=64, lr=0.01, momentum=0.9, scaling="standard", validation=0)


def lenet(pooling="max"):
    """Build the LeNet of exercise 0502."""
    return models.build("lenet5", in_channels=3, padding=0, image_size=32, pooling=pooling)


def small_vgg():
    """Build three blocks of two 3×3 convolutions with batch norm, and one linear layer."""
    layers, channels = [], 3
    for width in (16, 32, 64):
        for _ in range(2):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4 * 4, 10))


def dense():
    """Build a fully connected net, 8 units in each hidden layer as in exercise 0501."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(3 * 32 * 32, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 10)
    )


def conv():
    """Build a convolutional net with about as many parameters as `dense`."""
    return nn.Sequential(
        nn.Conv2d(3, 12, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(12, 12, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(12 * 5 * 5, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


RUNS = {
    "LeNet, max pooling, Adam 0.001": (lenet, ADAM),
    "LeNet, average pooling": (lambda: lenet("average"), ADAM),
    "LeNet, Adam 0.01": (lenet, replace(ADAM, lr=1e-2)),
    "small VGG, Adam 0.001": (small_vgg, ADAM),
    "fully connected": (dense, SGD),
    "fully connected, permuted": (dense, replace(SGD, permutation_seed=501)),
    "convolutional": (conv, SGD),
    "convolutional, permuted": (conv, replace(SGD, permutation_seed=501)),
}


def main():
    """Train everything and print one line a network."""
    shapes = data.load("shapes")
    print(shapes.describe())
    for name, (build, recipe) in RUNS.items():
        values = []
        for seed in SEEDS:
            devices.set_seed(seed)
            net = build()
            train.fit(net, shapes, recipe, seed=seed, progress=sys.stderr.isatty())
            values.append(100 * train.evaluate(net, shapes, recipe).accuracy)
        parameters = sum(p.numel() for p in net.parameters())
        spread = f"{statistics.fmean(values):5.1f} ± {statistics.stdev(values):.1f}"
        print(f"{name:32} {parameters:>8,} parameters  {spread}", flush=True)


if __name__ == "__main__":
    main()
