"""Published sets of a few kilobytes, whole and true to their formats, for the tests of cnnlib.data."""

import gzip
import hashlib
import io
import pickle
import tarfile
from dataclasses import dataclass, replace

import numpy as np

from cnnlib.data.catalogue import CIFAR10, MNIST, File, Published


@dataclass(frozen=True)
class Tiny:
    """A set as the catalogue describes it, with the bytes that its publisher would serve and those once unpacked."""

    known: Published
    served: dict[str, bytes]
    unpacked: dict[str, bytes]

    @property
    def names(self):
        """Return the names of its unpacked files, sorted."""
        return sorted(self.unpacked)

    def put(self, root, *names):
        """Write the unpacked files (all, or those named) where torchvision keeps them; return the folder."""
        folder = root / self.known.folder
        folder.mkdir(parents=True, exist_ok=True)
        for name in names or self.unpacked:
            (folder / name).write_bytes(self.unpacked[name])
        return folder


def idx(array):
    """Return an array of unsigned bytes as an IDX file."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + array.astype(np.uint8).tobytes()


def tiny_mnist():
    """Return four gzipped IDX files: 40 training and 20 test pictures of noise, the classes in turn."""
    random = np.random.RandomState(0)
    unpacked = {}
    for part, count in (("train", 40), ("t10k", 20)):
        unpacked[f"{part}-images-idx3-ubyte"] = idx(random.randint(0, 256, (count, 28, 28)))
        unpacked[f"{part}-labels-idx1-ubyte"] = idx(np.arange(count) % 10)
    served = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in unpacked.items()}
    return _tiny(MNIST, served, unpacked)


def tiny_cifar10():
    """Return one archive of pickled batches of 4 pictures, with members in it that nobody should unpack."""
    random = np.random.RandomState(0)
    unpacked = {"batches.meta": pickle.dumps({b"label_names": [b"airplane"]}, protocol=3)}
    for index, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        pictures = random.randint(0, 256, (4, 3072)).astype(np.uint8)
        pictures[:, :3072:1024] = index, 100 + index, 200 + index  # the first pixel tells the batch and the channel
        batch = pickle.dumps({b"data": pictures, b"labels": [0, 3, 6, index]}, protocol=3)
        # NumPy's own name for this function at the time when the real batches were written.
        unpacked[name] = batch.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    foreign = {"../evil": b"evil", "cifar-10-batches-py/../../evil": b"evil", "cifar-10-batches-py/readme.html": b"hi"}
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        members = {f"{CIFAR10.folder}/{name}": content for name, content in unpacked.items()}
        for name, content in {**foreign, **members}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return _tiny(CIFAR10, {CIFAR10.downloads[0].name: archive.getvalue()}, unpacked)


def _tiny(model, served, unpacked):
    known = replace(model, downloads=_files(served), members=_files(unpacked), mirrors=())
    return Tiny(known, served, unpacked)


def _files(contents):
    return tuple(File(name, hashlib.md5(content).hexdigest(), len(content)) for name, content in contents.items())
