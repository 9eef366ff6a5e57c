"""The loop of another book, Dive into Deep Learning, where its package d2l is installed: LeNet with its own Trainer."""

from __future__ import annotations

import time

import torch
from torch import nn
from torchvision import transforms

from cnnlib.bench.plain import PlainPictures
from cnnlib.data import Dataset
from cnnlib.errors import BadInput
from cnnlib.experiments import Variant
from cnnlib.train import Recipe

# As its chapter on LeNet trains it.
VARIANT = Variant("LeNet of d2l", "d2l.LeNet", Recipe(batch_size=128, lr=0.1, validation=0))
HOW = "pip install --no-deps d2l, then pip install gym pandas"


def package():
    """Return the module ``d2l.torch``.

    Raises
    ------
    BadInput
        If it, or something it needs, is not installed.
    """
    try:
        from d2l import torch as d2l
    except ImportError as problem:
        raise BadInput(f"The package d2l cannot be used ({problem}). Install it: {HOW}.") from problem
    return d2l


def network() -> nn.Module:
    """Return its LeNet with weights drawn; ``net`` of it is the plain network."""
    model = package().LeNet(lr=VARIANT.recipe.lr)
    model.net(torch.zeros(1, 1, 28, 28))  # its layers find out their sizes from the first picture
    model.board.display = False  # a curve drawn anew in every epoch is no part of training
    return model


def seconds(dataset: Dataset, recipe: Recipe, workers: int, place: torch.device) -> float:
    """Return how long its Trainer takes for one epoch, the trying of the test pictures included.

    Parameters
    ----------
    dataset : Dataset
        Grey pictures of 28×28.
    recipe : Recipe
        Gives the batch size.
    workers : int
        Processes that prepare pictures; its own number is 4.
    place : torch.device
        Where to compute.
    """
    d2l = package()
    pictures = d2l.FashionMNIST.__new__(d2l.FashionMNIST)  # its own would be downloaded; ours are prepared as those
    prepare = transforms.Compose([transforms.Resize((28, 28)), transforms.ToTensor()])
    pictures.train = PlainPictures(dataset.train_images, dataset.train_labels, prepare)
    pictures.val = PlainPictures(dataset.test_images, dataset.test_labels, prepare)
    pictures.batch_size, pictures.num_workers = recipe.batch_size, workers
    trainer, model = d2l.Trainer(max_epochs=1, num_gpus=int(place.type == "cuda")), network()
    start = time.perf_counter()
    trainer.fit(model, pictures)
    return time.perf_counter() - start
