"""Data sets and photographs: load them by name, fetch the published ones on request, or read one's own pictures."""

from cnnlib.data.dataset import Dataset
from cnnlib.data.download import fetch
from cnnlib.data.folder import OwnPictures, folder
from cnnlib.data.loader import load, names
from cnnlib.data.photographs import photograph
from cnnlib.data.picture import picture
from cnnlib.data.root import data_root

__all__ = ["Dataset", "OwnPictures", "data_root", "fetch", "folder", "load", "names", "photograph", "picture"]
