"""Fetch a published data set on request: from several mirrors, with its md5, taken up again after a cut."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import os
import shutil
import tarfile
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock
from tqdm import tqdm

from cnnlib.data.catalogue import PUBLISHED, File, Published
from cnnlib.data.loader import EMBEDDED
from cnnlib.data.local import read_published
from cnnlib.data.root import VARIABLE, data_root, make_writable
from cnnlib.errors import BadInput, unknown

BLOCK = 1 << 16


class _Refused(Exception):
    """A mirror answered, but not with the file: why."""


def fetch(
    name: str,
    root: str | os.PathLike | None = None,
    progress: bool = True,
    mirrors: tuple[str, ...] | None = None,
    timeout: float = 30,
) -> Path:
    """Download a data set into the data root, unless it is there already.

    A download that was cut short is kept as ``*.partial`` and taken up again by the next call. What is complete has
    passed its md5; nothing else ever gets its final name.

    Parameters
    ----------
    name : str
        ``'mnist'``, ``'fashion_mnist'`` or ``'cifar10'``.
    root : path, optional
        The data root; `data_root` if left out.
    progress : bool
        Show a progress bar.
    mirrors : tuple of str, optional
        Addresses of folders to ask in order, instead of the known ones.
    timeout : float
        Seconds after which a silent mirror is given up.

    Returns
    -------
    pathlib.Path
        The folder that holds the set.

    Raises
    ------
    BadInput
        If the name is unknown, the data root cannot be written to, the disk is full, or no mirror gave the file.

    Examples
    --------
    >>> fetch("mnits")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    cnnlib.errors.BadInput: There is no data set 'mnits'. Did you mean 'mnist'? Choose one of: cifar10, ...
    """
    if name in EMBEDDED:
        raise BadInput(f"The data set {name!r} comes with the package: there is nothing to fetch. Load it by its name.")
    if name not in PUBLISHED:
        raise unknown("data set", name, PUBLISHED)
    known = PUBLISHED[name]
    folder = (data_root() if root is None else Path(root).expanduser().absolute()) / known.folder
    make_writable(folder)
    with FileLock(folder / ".fetch.lock"):  # a second process waits, and then finds the set
        if not _is_complete(known, folder):
            for file in known.downloads:
                _fetch_file(known, file, folder, mirrors or known.mirrors, progress, timeout)
    return folder


def _is_complete(known: Published, folder: Path) -> bool:
    """Return whether the whole set is there; take away what is broken, so that it is fetched anew."""
    try:
        return read_published(known, folder.parents[known.folder.count("/")]) is not None
    except BadInput:
        for member in known.members:
            path = folder / member.name
            if path.is_file() and not _has_md5(path, member):
                path.unlink()
        return False


def _fetch_file(known: Published, file: File, folder: Path, mirrors, progress: bool, timeout: float) -> None:
    """Get one download and unpack it; what it holds may be there already."""
    wanted = [m for m in known.members if file.name.startswith(m.name)] or list(known.members)
    if all((folder / m.name).is_file() for m in wanted):
        return
    packed = folder / file.name
    try:
        if not (packed.is_file() and _has_md5(packed, file)):
            _download(known, file, packed, mirrors, progress, timeout)
        for member in wanted:
            _unpack(packed, member, folder)
        packed.unlink()
    except OSError as problem:
        raise BadInput(
            f"Cannot write into {folder}: {problem.strerror or problem}. Make room there, or set {VARIABLE} to another "
            "folder."
        ) from problem


def _download(known: Published, file: File, packed: Path, mirrors, progress: bool, timeout: float) -> None:
    partial = packed.with_name(packed.name + ".partial")
    failures = []
    for mirror in mirrors:
        try:
            _get(f"{mirror.rstrip('/')}/{file.name}", file, partial, progress, timeout)
        except (_Refused, http.client.HTTPException, urllib.error.URLError, TimeoutError, ConnectionError) as problem:
            failures.append(f"{urlsplit(mirror).netloc}: {problem}")
            continue
        os.replace(partial, packed)
        return
    raise BadInput(
        f"No mirror gave {file.name} of {known.title} ({'; '.join(failures)}). Try again later: what has arrived is "
        f"kept. Or put the file, whose md5 is {file.md5}, there by hand as {packed} and run: cnnlib fetch {known.name}"
    )


def _get(url: str, file: File, partial: Path, progress: bool, timeout: float) -> None:
    """Download into the partial file, from where it ends; leave it only if its bytes may still be right."""
    if partial.exists() and partial.stat().st_size >= file.size and not _has_md5(partial, file):
        partial.unlink()  # left by an earlier call: no reason to pass over this mirror
    have = partial.stat().st_size if partial.exists() else 0
    if have < file.size:
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-", "User-Agent": "cnnlib"})
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            resumed = have > 0 and answer.status == 206
            _check_answer(answer, file.size - (have if resumed else 0))
            _store(answer, file, partial, have if resumed else 0, progress)
    size = partial.stat().st_size
    if size < file.size:
        raise _Refused(f"the connection ended after {size:,} of {file.size:,} bytes")
    if not _has_md5(partial, file):
        partial.unlink()
        raise _Refused("its file has another md5 than the published one")


def _check_answer(answer, expected: int) -> None:
    if answer.headers.get_content_type() == "text/html":
        raise _Refused("it answered with a web page instead of the file")
    length = answer.headers.get("Content-Length")
    if length is not None and length.strip() != str(expected):
        raise _Refused(f"it offers {length} bytes where {expected} were expected")


def _store(answer, file: File, partial: Path, have: int, progress: bool) -> None:
    bar = tqdm(total=file.size, initial=have, unit="B", unit_scale=True, desc=file.name, disable=not progress)
    with bar, open(partial, "ab" if have else "wb") as sink:
        while have <= file.size:
            try:
                block = answer.read(BLOCK)
            except http.client.IncompleteRead as cut:
                block = cut.partial
            except OSError as lost:  # caught here, so that it is not taken for a disk that is full
                raise _Refused(f"the connection was lost ({lost})") from lost
            if not block:
                return
            sink.write(block)
            have += len(block)
            bar.update(len(block))
    partial.unlink()
    raise _Refused(f"it sends more than the {file.size:,} bytes of the file")


def _unpack(packed: Path, member: File, folder: Path) -> None:
    """Write one member under its final name, once it has proved whole; nothing else of an archive is touched."""
    target = folder / member.name
    partial = target.with_name(target.name + ".unpacking")
    with contextlib.ExitStack() as stack:
        stack.callback(partial.unlink, missing_ok=True)
        if packed.name.endswith(".tar.gz"):
            archive = stack.enter_context(tarfile.open(packed))
            source = archive.extractfile(f"{folder.name}/{member.name}")
        else:
            source = stack.enter_context(gzip.open(packed))
        with open(partial, "wb") as sink:
            shutil.copyfileobj(source, sink)
        if not _has_md5(partial, member):
            raise BadInput(f"{packed} does not hold the published {member.name}. Delete it and fetch again.")
        os.replace(partial, target)


def _has_md5(path: Path, file: File) -> bool:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == file.md5
