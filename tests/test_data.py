"""Loading by name: the real sets, their stand-ins, a teacher's own sets, and files that are broken."""

import gzip
import io
import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from tiny_sets import tiny_cifar10, tiny_mnist

from cnnlib import data
from cnnlib.data.catalogue import PUBLISHED
from cnnlib.data.loader import KNOWN_FINGERPRINTS
from cnnlib.data.local import _read_batches, read_idx
from cnnlib.data.root import make_writable
from cnnlib.errors import BadInput


@pytest.fixture
def tiny(monkeypatch):
    """Publish a small set under MNIST's name."""
    small = tiny_mnist()
    monkeypatch.setitem(PUBLISHED, "mnist", small.known)
    return small


# Names, folders and stand-ins


@pytest.mark.parametrize(("name", "title"), [("mnist", "MNIST"), ("fashion_mnist", "Fashion-MNIST")])
def test_the_stand_in_is_announced_once(name, title, tmp_path, capsys):
    loaded = data.load(name, root=tmp_path)
    assert capsys.readouterr().out == (
        f"{title} is not on this machine; using the embedded set 'digits' instead. For the real one run: "
        f"cnnlib fetch {name} (or set CNNLIB_DATA to a folder that holds it).\n"
    )
    assert (loaded.name, loaded.requested, loaded.embedded) == ("digits", name, True)
    assert loaded.title == "Handwritten digits (8×8, enlarged)"  # never the name of what it stands in for


def test_quiet_prints_nothing(tmp_path, capsys):
    assert data.load("mnist", root=tmp_path, quiet=True).name == "digits"
    assert capsys.readouterr() == ("", "")


def test_without_fallback_an_absent_set_is_an_error_that_says_how_to_get_it(tmp_path):
    with pytest.raises(BadInput) as caught:
        data.load("cifar10", root=tmp_path, fallback=False)
    assert str(caught.value).startswith(f"CIFAR-10 is not in {tmp_path}. For the real one run: cnnlib fetch cifar10 ")


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(BadInput, match="no data set 'fasion_mnist'. Did you mean 'fashion_mnist'"):
        data.load("fasion_mnist", root=tmp_path)


def test_names_lists_known_sets_and_own_files(tmp_path):
    for file in ("zebra.npz", "cells.npz", "mnist.npz", "notes.txt"):
        (tmp_path / file).touch()
    assert data.names(tmp_path) == ["mnist", "fashion_mnist", "cifar10", "digits", "shapes", "cells", "zebra"]
    with pytest.raises(BadInput, match="Did you mean 'cells'"):
        data.load("cell", root=tmp_path)


def test_the_data_root_is_the_folder_of_the_variable(tiny, tmp_path, monkeypatch):
    root = tmp_path / "数据 集 of mine"
    monkeypatch.setenv("CNNLIB_DATA", str(root))
    assert data.data_root() == root and not root.exists()
    assert data.data_root(create=True).is_dir()
    assert list(root.iterdir()) == []
    tiny.put(root)
    assert data.load("mnist", fallback=False).title == "MNIST"


def test_the_data_root_is_the_cache_folder_where_the_variable_is_unset_or_empty(monkeypatch):
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    unset = data.data_root()
    monkeypatch.setenv("CNNLIB_DATA", " ")
    assert data.data_root() == unset
    assert unset.is_absolute() and "cnnlib" in unset.parts


def test_a_data_root_that_is_a_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path / "file"))
    with pytest.raises(BadInput, match="file cannot be written to .*set CNNLIB_DATA to a folder of your own"):
        data.data_root(create=True)


def test_many_threads_may_prove_at_once_that_a_root_can_be_written_to(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(make_writable, [tmp_path / "root"] * 500)) == [None] * 500
    assert list((tmp_path / "root").iterdir()) == []


# Published files


@pytest.mark.parametrize("packed", [(), ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte")])
def test_published_files_are_read_as_they_are_written(tiny, tmp_path, packed):
    folder = tiny.put(tmp_path)
    for name in packed:
        (folder / name).unlink()
        (folder / f"{name}.gz").write_bytes(tiny.served[f"{name}.gz"])
    loaded = data.load("mnist", root=tmp_path, fallback=False)
    pixels = np.frombuffer(tiny.unpacked["train-images-idx3-ubyte"][16:], np.uint8).reshape(40, 1, 28, 28)
    assert np.array_equal(loaded.train_images.numpy(), pixels)
    assert loaded.test_labels.tolist() == [*range(10), *range(10)]
    assert loaded.test_labels.dtype == torch.int64
    assert loaded.source.startswith("MNIST by LeCun, Cortes and Burges")


def test_batches_of_cifar10_are_read_in_order_channels_first(tmp_path, monkeypatch):
    small = tiny_cifar10()
    monkeypatch.setitem(PUBLISHED, "cifar10", small.known)
    small.put(tmp_path)
    loaded = data.load("cifar10", root=tmp_path, fallback=False)
    assert (loaded.title, loaded.train_images.shape, loaded.test_images.shape) == (
        "CIFAR-10",
        (20, 3, 32, 32),
        (4, 3, 32, 32),
    )
    assert loaded.train_images[::4, :, 0, 0].tolist() == [[i, 100 + i, 200 + i] for i in range(5)]
    assert loaded.test_images[0, :, 0, 0].tolist() == [5, 105, 205]
    assert loaded.train_labels.tolist() == [label for i in range(5) for label in (0, 3, 6, i)]


def test_a_batch_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "evil"), "w"))

    with pytest.raises(pickle.UnpicklingError, match="does not belong into a CIFAR-10 batch"):
        _read_batches({"data_batch_1": bytearray(pickle.dumps(Evil(), protocol=3))})
    assert not (tmp_path / "evil").exists()


def test_a_set_with_files_missing_is_named_with_the_mend(tiny, tmp_path):
    folder = tiny.put(tmp_path, "train-images-idx3-ubyte", "t10k-images-idx3-ubyte")
    with pytest.raises(BadInput) as caught:
        data.load("mnist", root=tmp_path)
    assert str(caught.value) == (
        f"MNIST is not complete: {folder} lacks train-labels-idx1-ubyte, t10k-labels-idx1-ubyte. Run: "
        "cnnlib fetch mnist"
    )


def _flip(content):
    spoilt = bytearray(content)
    spoilt[-1] ^= 1
    return bytes(spoilt)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda content: content[:-5], "ends after 43 of 48 bytes"),
        (lambda content: b"", "ends after 0 of 48 bytes"),
        (lambda content: content + b"\0", "is longer than its 48 bytes"),
        (_flip, "is not the published file"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_broken_file_is_named_with_the_mend(tiny, tmp_path, spoil, said, packed):
    path = tiny.put(tmp_path) / "train-labels-idx1-ubyte"
    content = spoil(path.read_bytes())
    if packed:
        path.unlink()
        path = path.with_name(f"{path.name}.gz")
        content = gzip.compress(content)
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:  # and no stand-in: the reader believes that the real set is there
        data.load("mnist", root=tmp_path)
    assert str(caught.value).startswith(f"{path} {said}")
    assert str(caught.value).endswith("Delete it and run: cnnlib fetch mnist")


@pytest.mark.parametrize("spoil", [lambda packed: packed[:-12], lambda packed: b"<html>not gzip</html>"])
def test_a_gzipped_file_that_cannot_be_unpacked_is_named(tiny, tmp_path, spoil):
    folder = tiny.put(tmp_path)
    (folder / "train-labels-idx1-ubyte").unlink()
    path = folder / "train-labels-idx1-ubyte.gz"
    path.write_bytes(spoil(tiny.served[path.name]))
    with pytest.raises(BadInput, match="train-labels-idx1-ubyte.gz cannot be read .*Delete it and run"):
        data.load("mnist", root=tmp_path)


def test_swapped_labels_are_found(tiny, tmp_path):
    folder = tiny.put(tmp_path)
    for name, other in (("train", "t10k"), ("t10k", "train")):
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(tiny.unpacked[f"{other}-labels-idx1-ubyte"])
    with pytest.raises(BadInput, match="labels-idx1-ubyte (is longer|ends after)"):
        data.load("mnist", root=tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not an IDX file"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 1]), "not an IDX file of unsigned bytes"),
        (bytes([0, 0, 8, 0]), "not an IDX file"),
        (bytes([0, 0, 8, 3, 0, 0, 0, 1]), "ends inside its header, after 8 bytes"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2]), r"announces shape \(3,\) but holds 2 values"),
        (bytes([0, 0, 8, 3]) + b"\xff" * 12, "but holds 0 values"),  # 2⁹⁶ values: no overflow, no allocation
    ],
)
def test_idx_headers_are_not_believed(content, said):
    with pytest.raises(BadInput, match=said):
        read_idx(content)


# A teacher's own set


def own_arrays(**changed):
    random = np.random.RandomState(0)
    arrays = {
        "train_images": random.randint(0, 256, (6, 5, 4, 3)).astype(np.uint8),
        "train_labels": np.array([0, 1, 0, 1, 0, 1], np.int16),
        "test_images": random.randint(0, 256, (2, 5, 4, 3)).astype(np.uint8),
        "test_labels": np.array([1, 0], np.uint8),
        "classes": np.array(["cell", "no cell 无"]),
    }
    return {key: array for key, array in {**arrays, **changed}.items() if array is not None}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_own_set_is_loaded_by_its_name(tmp_path, save):
    arrays = own_arrays()
    save(tmp_path / "cells.npz", **arrays)
    loaded = data.load("cells", root=tmp_path)
    assert (loaded.name, loaded.title, loaded.requested, loaded.embedded) == ("cells", "cells", "cells", False)
    assert loaded.classes == ("cell", "no cell 无")
    assert np.array_equal(loaded.train_images.permute(0, 2, 3, 1).numpy(), arrays["train_images"])
    assert loaded.test_labels.tolist() == [1, 0] and loaded.test_labels.dtype == torch.int64
    assert "cells.npz" in loaded.source


def test_a_file_that_only_bears_the_name_of_a_published_set_does_not_get_its_title(tmp_path):
    np.savez(tmp_path / "cifar10.npz", **own_arrays())
    loaded = data.load("cifar10", root=tmp_path)
    assert (loaded.name, loaded.title) == ("cifar10", "CIFAR-10 (.npz of unknown origin)")


BAD_ARRAYS = {
    "missing": ({"test_labels": None, "classes": None}, "lacks test_labels, classes; it must hold train_images"),
    "float": ({"train_images": np.zeros((6, 5, 4, 3))}, "train_images is float64 .*must be uint8 of shape"),
    "no channels": ({"test_images": np.zeros((2, 5, 4), np.uint8)}, r"test_images is uint8 of shape \(2, 5, 4\)"),
    "empty": ({"test_images": np.zeros((0, 5, 4, 3), np.uint8)}, "test_images is uint8 of shape"),
    "one-hot": ({"train_labels": np.eye(6, 2, dtype=int)}, r"train_labels is int64 .*must be integers of shape \(N,\)"),
    "float labels": ({"test_labels": np.array([0.0, 1.0])}, "test_labels is float64"),
    "too high": ({"train_labels": np.arange(6)}, "train_labels go from 0 to 5; with 2 classes .* between 0 and 1"),
    "too low": ({"test_labels": np.array([-1, 0])}, "test_labels go from -1 to 0"),
    "too few": ({"train_labels": np.array([0, 1])}, "train_labels .* one label for each of the 6 pictures"),
    "sizes": ({"test_images": np.zeros((2, 5, 5, 3), np.uint8)}, "training pictures are 3×5×4 and test pictures 3×5×5"),
    "classes": ({"classes": np.array([1, 2])}, "classes is int64 .*must be a list of names"),
}


@pytest.mark.parametrize(("changed", "said"), BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_an_own_set_that_does_not_fit_is_refused(tmp_path, changed, said):
    np.savez(tmp_path / "cells.npz", **own_arrays(**changed))
    with pytest.raises(BadInput, match=said) as caught:
        data.load("cells", root=tmp_path)
    assert "cells" in str(caught.value)


def test_a_pickled_object_in_an_own_set_is_never_executed(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "evil"), "w"))

    np.savez(tmp_path / "cells.npz", **own_arrays(classes=np.array([Evil(), Evil()], dtype=object)))
    with pytest.raises(BadInput, match="cells.npz cannot be read .*Object arrays"):
        data.load("cells", root=tmp_path)
    assert not (tmp_path / "evil").exists()
    with np.load(tmp_path / "cells.npz", allow_pickle=True) as archive:
        archive["classes"]
    assert (tmp_path / "evil").exists()  # the bait was real


def _saved(function, *arguments, **arrays):
    stream = io.BytesIO()
    function(stream, *arguments, **arrays)
    return stream.getvalue()


def _zip_of_text():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for key in own_arrays():
            archive.writestr(f"{key}.npy", "not an array")
    return stream.getvalue()


def _spoilt_zip():
    whole = bytearray(_saved(np.savez, **own_arrays()))
    whole[200] ^= 1  # inside the first picture: the checksum of the zip tells
    return bytes(whole)


BAD_FILES = {
    "empty": (b"", "not a whole .npz file"),
    "web page": (b"<html>Not found</html>", "not a whole .npz file"),
    "npy": (_saved(np.save, np.zeros(3)), "not a whole .npz file"),
    "cut": (_saved(np.savez, **own_arrays())[:-100], "not a whole .npz file"),
    "spoilt": (_spoilt_zip(), "cannot be read .*CRC"),
    "text": (_zip_of_text(), "cannot be read .*not a NumPy array"),
}


@pytest.mark.parametrize(("content", "said"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_broken_npz_is_refused(tmp_path, content, said):
    (tmp_path / "cells.npz").write_bytes(content)
    with pytest.raises(BadInput, match=f"cells.npz.*{said}"):
        data.load("cells", root=tmp_path)


# The real sets, where this machine has them

REAL = {
    "mnist": ("MNIST", "46733f8236a814a0", (1, 28, 28), 60_000),
    "fashion_mnist": ("Fashion-MNIST", "cf39ceea1f45131d", (1, 28, 28), 60_000),
    "cifar10": ("CIFAR-10 (JPEG copy)", "2a5695da0061c490", (3, 32, 32), 50_000),
}


@pytest.mark.parametrize(("name", "expected"), REAL.items(), ids=REAL)
def test_real_sets_are_the_known_ones(name, expected):
    title, fingerprint, shape, count = expected
    try:
        loaded = data.load(name, fallback=False)
    except BadInput as absent:
        if " is not in " not in str(absent):
            raise  # there, but broken
        pytest.skip(str(absent))
    assert loaded.train_images.shape == (count, *shape)
    assert loaded.test_images.shape == (10_000, *shape)
    if name != "mnist":
        assert torch.bincount(loaded.train_labels).tolist() == [count // 10] * 10
    if loaded.title == "CIFAR-10":
        pytest.skip("CIFAR-10's own batches are here, whose md5 was checked; the fingerprint is that of the JPEG copy")
    assert (loaded.title, loaded.fingerprint) == (title, fingerprint)
    assert KNOWN_FINGERPRINTS[fingerprint] == title
