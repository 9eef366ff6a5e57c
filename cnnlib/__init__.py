"""Models, data, training, figures and widgets under the book *Convolutional neural networks, by hand and by eye*."""

__version__ = "0.1.0"
