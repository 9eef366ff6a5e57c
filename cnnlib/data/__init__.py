"""Data sets and photographs: load them by name, fetch the published ones on request."""

from cnnlib.data.dataset import Dataset
from cnnlib.data.download import fetch
from cnnlib.data.loader import load, names
from cnnlib.data.photographs import photograph
from cnnlib.data.root import data_root

__all__ = ["Dataset", "data_root", "fetch", "load", "names", "photograph"]
