"""Models, data, training, figures and widgets under the book *Convolutional Neural Networks, from the ground up*."""

__version__ = "0.1.0"
