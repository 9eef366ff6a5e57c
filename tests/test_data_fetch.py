"""Fetching: mirrors that work, cut off, lie or hang are played by servers on this machine."""

import contextlib
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from mirrors import Mirror
from tiny_sets import tiny_cifar10, tiny_mnist
from torchvision import datasets

from cnnlib import data
from cnnlib.data.catalogue import CIFAR10, FASHION_MNIST, MNIST, PUBLISHED
from cnnlib.data.local import read_published
from cnnlib.errors import BadInput

IMAGES = "train-images-idx3-ubyte.gz"  # the first file asked for, and the largest


@pytest.fixture
def serve():
    """Give a function that starts a mirror."""
    with contextlib.ExitStack() as stack:

        def start(tiny, manners="good"):
            mirror = stack.enter_context(Mirror(tiny.served, manners))
            thread = threading.Thread(target=mirror.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(mirror.shutdown)
            stack.callback(mirror.closing.set)
            return mirror

        yield start


@pytest.fixture
def tiny(monkeypatch):
    """Publish a small set under MNIST's name."""
    small = tiny_mnist()
    monkeypatch.setitem(PUBLISHED, "mnist", small.known)
    return small


def fetch(root, *mirrors, name="mnist", timeout=5.0):
    return data.fetch(name, root=root, progress=False, mirrors=tuple(m.url for m in mirrors), timeout=timeout)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".fetch.lock")


def assert_whole(tiny, folder):
    """The unpacked files, right to the last byte, and nothing else."""
    assert names_in(folder) == tiny.names
    for name, content in tiny.unpacked.items():
        assert (folder / name).read_bytes() == content


def test_fetch_unpacks_every_file_under_its_final_name(tiny, serve, tmp_path):
    mirror = serve(tiny)
    folder = fetch(tmp_path, mirror)
    assert folder == tmp_path / "MNIST" / "raw"
    assert_whole(tiny, folder)
    assert mirror.asked == [(name, 0) for name in tiny.served]
    loaded = data.load("mnist", root=tmp_path, fallback=False)
    assert loaded.train_images.shape == (40, 1, 28, 28)
    assert loaded.title == "MNIST" and not loaded.embedded


def test_the_known_mirrors_and_the_data_root_are_the_defaults(serve, tmp_path, monkeypatch):
    small = tiny_mnist()
    mirror = serve(small)
    object.__setattr__(small.known, "mirrors", (mirror.url,))
    monkeypatch.setitem(PUBLISHED, "mnist", small.known)
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path / "my data 数据"))
    assert_whole(small, data.fetch("mnist", progress=False))
    assert data.load("mnist", fallback=False).title == "MNIST"


def test_a_second_call_asks_nobody(tiny, serve, tmp_path):
    mirror = serve(tiny)
    fetch(tmp_path, mirror)
    mirror.asked.clear()
    assert_whole(tiny, fetch(tmp_path, mirror))
    assert mirror.asked == []


def test_a_mirror_may_be_given_without_its_last_slash(tiny, serve, tmp_path):
    mirror = serve(tiny)
    assert_whole(tiny, data.fetch("mnist", root=tmp_path, progress=False, mirrors=(mirror.url.rstrip("/"),)))


def test_a_progress_bar_only_where_wanted(tiny, serve, tmp_path, capsys):
    mirror = serve(tiny)
    fetch(tmp_path / "quiet", mirror)
    assert capsys.readouterr() == ("", "")
    data.fetch("mnist", root=tmp_path / "loud", mirrors=(mirror.url,))
    assert IMAGES in capsys.readouterr().err


def test_a_cut_download_is_taken_up_again_by_the_next_call(tiny, serve, tmp_path):
    mirror, size = serve(tiny, "cuts"), len(tiny.served[IMAGES])
    with pytest.raises(BadInput, match=f"the connection ended after {size // 2:,} of {size:,} bytes"):
        fetch(tmp_path, mirror)
    folder = tmp_path / tiny.known.folder
    assert names_in(folder) == [f"{IMAGES}.partial"]
    mirror.manners = "good"
    fetch(tmp_path, mirror)
    assert_whole(tiny, folder)
    assert [start for name, start in mirror.asked if name == IMAGES] == [0, size // 2]
    assert mirror.sent == {name: len(content) for name, content in tiny.served.items()}  # no byte twice


def test_a_cut_download_is_taken_up_again_at_the_next_mirror(tiny, serve, tmp_path):
    first, second = serve(tiny, "cuts"), serve(tiny)
    assert_whole(tiny, fetch(tmp_path, first, second))
    for name, content in tiny.served.items():
        assert first.sent[name] + second.sent[name] == len(content)


def test_a_server_without_ranges_starts_over(tiny, serve, tmp_path):
    first, second = serve(tiny, "cuts"), serve(tiny, "no range")
    assert_whole(tiny, fetch(tmp_path, first, second))
    assert second.asked[0] == (IMAGES, len(tiny.served[IMAGES]) // 2)
    assert second.sent[IMAGES] == len(tiny.served[IMAGES])


@pytest.mark.parametrize(
    ("manners", "said"),
    [
        ("wrong bytes", "its file has another md5 than the published one"),
        ("html", "it answered with a web page instead of the file"),
        ("wrong length", r"it offers \d+ bytes where \d+ were expected"),
        ("nonsense length", r"it offers many bytes where \d+ were expected"),
        ("endless", r"it sends more than the [\d,]+ bytes of the file"),
        ("missing", "HTTP Error 404"),
        ("hangs", "timed out"),
        ("stalls", r"the connection was lost \(timed out\)"),
    ],
)
def test_a_mirror_that_fails_is_passed_over(tiny, serve, tmp_path, manners, said):
    bad, good = serve(tiny, manners), serve(tiny)
    timeout = 0.3 if manners in ("hangs", "stalls") else 5.0
    with pytest.raises(BadInput, match=f"{re.escape(bad.host)}: .*{said}"):
        fetch(tmp_path / "bad", bad, timeout=timeout)
    left = names_in(tmp_path / "bad" / tiny.known.folder)
    assert left in ([], [f"{IMAGES}.partial"])
    bad.asked.clear()
    assert_whole(tiny, fetch(tmp_path / "both", bad, good, timeout=timeout))
    assert [name for name, _ in bad.asked] == [name for name, _ in good.asked] == list(tiny.served)


def test_when_every_mirror_fails_one_error_says_why_and_what_to_do(tiny, serve, tmp_path):
    html, missing, closed = serve(tiny, "html"), serve(tiny, "missing"), serve(tiny)
    closed.shutdown()
    closed.server_close()  # nobody listens at its port any more
    with pytest.raises(BadInput) as caught:
        fetch(tmp_path, html, missing, closed)
    said, folder = str(caught.value), tmp_path / tiny.known.folder
    assert said.startswith(f"No mirror gave {IMAGES} of MNIST (")
    for host, why in ((html.host, "a web page"), (missing.host, "404"), (closed.host, "refused")):
        assert re.search(f"{re.escape(host)}: [^;]*{why}", said)
    by_hand = f"md5 is {tiny.known.downloads[0].md5}, there by hand as {folder / IMAGES} and run: cnnlib fetch mnist"
    assert by_hand in said
    assert names_in(folder) == []


def test_the_way_by_hand_works(tiny, serve, tmp_path):
    mirror = serve(tiny)
    folder = tmp_path / tiny.known.folder
    folder.mkdir(parents=True)
    (folder / IMAGES).write_bytes(tiny.served[IMAGES])
    assert_whole(tiny, fetch(tmp_path, mirror))
    assert [name for name, _ in mirror.asked] == [name for name in tiny.served if name != IMAGES]


@pytest.mark.parametrize("extra", [0, 7])
def test_a_spoilt_partial_file_does_not_tell_against_the_mirror(tiny, serve, tmp_path, extra):
    mirror = serve(tiny)
    folder = tmp_path / tiny.known.folder
    folder.mkdir(parents=True)
    (folder / f"{IMAGES}.partial").write_bytes(bytes(len(tiny.served[IMAGES]) + extra))
    assert_whole(tiny, fetch(tmp_path, mirror))
    assert mirror.asked[0] == (IMAGES, 0)


def test_a_partial_file_that_is_complete_is_not_asked_for(tiny, serve, tmp_path):
    mirror = serve(tiny)
    folder = tmp_path / tiny.known.folder
    folder.mkdir(parents=True)
    (folder / f"{IMAGES}.partial").write_bytes(tiny.served[IMAGES])
    assert_whole(tiny, fetch(tmp_path, mirror))
    assert IMAGES not in [name for name, _ in mirror.asked]


@pytest.mark.parametrize("spoil", [lambda whole: whole[:-1], lambda whole: bytes(len(whole)), lambda whole: b""])
def test_a_broken_file_is_replaced_and_the_whole_ones_are_kept(tiny, serve, tmp_path, spoil):
    mirror = serve(tiny)
    folder = tiny.put(tmp_path)
    broken = folder / "t10k-labels-idx1-ubyte"
    broken.write_bytes(spoil(tiny.unpacked[broken.name]))
    assert_whole(tiny, fetch(tmp_path, mirror))
    assert mirror.asked == [(f"{broken.name}.gz", 0)]


def test_the_files_as_published_are_enough(tiny, serve, tmp_path):
    """Gzipped files that torchvision or a teacher left are read as they are."""
    mirror = serve(tiny)
    folder = tmp_path / tiny.known.folder
    folder.mkdir(parents=True)
    for name, content in tiny.served.items():
        (folder / name).write_bytes(content)
    fetch(tmp_path, mirror)
    assert mirror.asked == []
    assert data.load("mnist", root=tmp_path).title == "MNIST"


def test_an_archive_gives_its_published_members_and_nothing_else(serve, tmp_path, monkeypatch):
    small = tiny_cifar10()
    monkeypatch.setitem(PUBLISHED, "cifar10", small.known)
    root = tmp_path / "deep" / "root"
    folder = fetch(root, serve(small), name="cifar10")
    assert folder == root / "cifar-10-batches-py"
    assert_whole(small, folder)
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".fetch.lock"]
    assert sorted(path.name for path in files) == small.names  # none beside the folder: no "evil"
    assert read_published(small.known, root).train_images.shape == (20, 3, 32, 32)


def test_two_calls_at_once_fetch_every_file_once(tiny, serve, tmp_path):
    mirror = serve(tiny)
    start = threading.Barrier(4)

    def call(_):
        start.wait()
        return fetch(tmp_path, mirror)

    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(call, range(4)))
    assert len(folders) == 1
    assert_whole(tiny, folders.pop())
    assert mirror.asked == [(name, 0) for name in tiny.served]


def test_a_root_that_cannot_be_written_to_is_refused_before_anyone_is_asked(tiny, serve, tmp_path):
    mirror = serve(tiny)
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BadInput, match="cannot be written to .*CNNLIB_DATA"):
        fetch(tmp_path / "file" / "root", mirror)
    assert mirror.asked == []


def test_a_full_disk_is_not_blamed_on_the_mirror(tiny, serve, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cnnlib.data.download.shutil.copyfileobj", full)
    with pytest.raises(BadInput, match="Cannot write into .*No space left on device.*Make room"):
        fetch(tmp_path, serve(tiny))
    assert names_in(tmp_path / tiny.known.folder) == [IMAGES]  # what was downloaded is kept for the next call


@pytest.mark.parametrize("name", ["digits", "shapes"])
def test_embedded_sets_need_no_fetching(name, tmp_path):
    with pytest.raises(BadInput, match=f"{name}.* comes with the package: there is nothing to fetch"):
        data.fetch(name, root=tmp_path / "root")
    assert not (tmp_path / "root").exists()


def test_unknown_names_are_refused_with_the_nearest(tmp_path):
    with pytest.raises(BadInput, match="no data set 'fashion-mnist'. Did you mean 'fashion_mnist'"):
        data.fetch("fashion-mnist", root=tmp_path / "root")
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize(("ours", "theirs"), [(MNIST, datasets.MNIST), (FASHION_MNIST, datasets.FashionMNIST)])
def test_md5_of_the_idx_files_are_torchvisions(ours, theirs):
    assert {file.name: file.md5 for file in ours.downloads} == dict(theirs.resources)
    assert {f"{file.name}.gz" for file in ours.members} == {file.name for file in ours.downloads}
    assert ours.folder == f"{theirs.__name__}/raw"


def test_md5_of_cifar10_are_torchvisions():
    theirs = datasets.CIFAR10
    assert [(file.name, file.md5) for file in CIFAR10.downloads] == [(theirs.filename, theirs.tgz_md5)]
    members = [*theirs.train_list, *theirs.test_list, [theirs.meta["filename"], theirs.meta["md5"]]]
    assert {file.name: file.md5 for file in CIFAR10.members} == dict(members)
    assert theirs.base_folder == CIFAR10.folder


def test_every_published_set_has_mirrors_on_different_hosts():
    for known in PUBLISHED.values():
        hosts = {mirror.split("/")[2] for mirror in known.mirrors}
        assert len(hosts) == len(known.mirrors) >= 3
        assert all(mirror.endswith("/") for mirror in known.mirrors)
