"""Execute the chapters and build the book: `python tools/build_book.py`.

Jupyter Book executes chapters one after another and keys its cache by the code in the cells alone. This script
fills that cache in parallel first, and empties it when something else that decides the outputs has changed: the
package, the recorded results, the installed versions or the data at hand.

A build that succeeded leaves a note of what it was made from. Where all is as it was, nothing is done. Where only
chapters have changed, Sphinx reads those and the pages of `book/` again (`book/_ext/changed_chapters.py`). In all other
cases, and after a build that failed, everything is read and written anew, so that no warning is ever lost.
"""

import functools
import hashlib
import json
import logging
import os
import shutil
import sys
import warnings
from contextlib import contextmanager, nullcontext
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"  # where Jupyter Book looks


HTML = BUILD / "html"
NOTE = BUILD / "made_from.json"
# The top floor of the package, which no chapter may use: a change there need not execute the chapters again.
UNSEEN = ("__main__.py", "classroom", "cli.py")


def main():
    """Build the book into _build/html, print where to open it; return the exit status."""
    outputs = fingerprint()
    now = {"outputs": outputs, **sources()}
    before = last_build()
    if before == now:
        print(f"Nothing has changed since the last build: {HTML / 'index.html'}")
        return 0
    NOTE.unlink(missing_ok=True)  # until this build has succeeded, the next one must start anew
    forget_stale_outputs(outputs)
    entry_points_once()
    if not execute_chapters():
        return 1
    only_chapters = {**before, "chapters": now["chapters"]} == now
    if not only_chapters:
        shutil.rmtree(HTML, ignore_errors=True)
    if not written(everything=not only_chapters):
        return 1
    NOTE.write_text(json.dumps({"made_from": now, "pages": pages()}), encoding="utf-8")
    return 0  # Jupyter Book has printed the path to open


def written(everything):
    """Let Jupyter Book write the pages, all or those that may differ; return whether it did without a warning."""
    from jupyter_book.cli.main import main as jupyter_book

    # Sphinx looks through every object in memory for one of its own, and so touches a name that torch would retire.
    warnings.filterwarnings("ignore", category=FutureWarning, module="sphinx_external_toc")
    options = [*(["--all"] if everything else []), "-W", "-n", "--keep-going", "-q"]
    try:
        jupyter_book(["build", str(ROOT), *options], standalone_mode=False)
    except (RuntimeError, SystemExit) as stop:
        print(f"{stop}\nThe book was not built: every warning above counts as an error.", file=sys.stderr)
        return False
    return True


def sources():
    """Return the digests of what the pages are made from, beside what decides the chapters' outputs."""
    chapters = [path for path in (ROOT / "chapters").rglob("*") if ".ipynb_checkpoints" not in path.parts]
    rest = [ROOT / "_config.yml", ROOT / "_toc.yml", *(ROOT / "book").rglob("*"), *(ROOT / "tools").rglob("*.py")]
    return {"chapters": digest(chapters), "rest": digest(rest)}


def digest(paths, start=b""):
    """Return the digest of files, each with its name; folders and what Python compiles are passed over."""
    total = hashlib.sha256(start)
    for path in sorted(paths):
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_bytes()
            total.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def pages():
    """Return the size of every file of the built book, by its path."""
    return {path.relative_to(HTML).as_posix(): path.stat().st_size for path in HTML.rglob("*") if path.is_file()}


def last_build():
    """Return what the pages at hand were made from; nothing where they are not whole."""
    try:
        note = json.loads(NOTE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note["made_from"] if note["pages"] == pages() else {}


def forget_stale_outputs(now):
    """Empty the cache of executed chapters when the package, the results, the versions or the data have changed."""
    stamp = CACHE / "made_with"
    if CACHE.exists() and not (stamp.exists() and stamp.read_text() == now):
        shutil.rmtree(CACHE)
    CACHE.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now)


def fingerprint():
    """Return a digest of all that decides a chapter's outputs beside its own cells."""
    from cnnlib.data import data_root

    installed = sorted(f"{package.name} {package.version}" for package in distributions())
    data = sorted(f"{path} {path.stat().st_size}" for path in data_root().rglob("*") if path.is_file())
    package = [path for path in (ROOT / "cnnlib").rglob("*") if path.relative_to(ROOT).parts[1] not in UNSEEN]
    start = "\n".join([sys.version, *installed, *data]).encode()
    return digest([*package, *(ROOT / "results").rglob("*.json")], start)


def entry_points_once():
    """Look through the installed packages once: jupyter-cache does so again for every page, 30 ms each time."""
    from jupyter_cache import entry_points

    entry_points.eps = functools.cache(entry_points.eps)


def execute_chapters():
    """Execute the pages with code that are not in the cache, one a processor; return whether all ran."""
    from jupyter_cache import get_cache
    from jupyter_cache.executors import load_executor
    from notebooks import CELL_SECONDS, notebooks
    from warm_kernels import warm_kernels

    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the processors are busy with a page each
    cache = get_cache(str(CACHE))
    readers = {str(path): "nbformat" for path in notebooks()}
    readers |= {
        str(path): "myst_nb_md" for path in (ROOT / "book").glob("*.md") if "{code-cell}" in path.read_text("utf-8")
    }
    for page, reader in readers.items():
        cache.add_nb_to_project(page, read_data={"type": "plugin", "name": reader})
    pages = list(readers)
    new = len(cache.list_unexecuted(filter_uris=pages))
    print(f"{len(pages)} pages with code, {new} of them to execute", flush=True)
    logger = logging.getLogger("chapters")
    logger.setLevel(logging.ERROR)  # left alone, it reports every process that starts and ends
    executor = load_executor("local-parallel", cache, logger=logger)
    # A few kernels are sooner ready by themselves than that which the others would be copies of.
    with kernels_log(), warm_kernels() if new > 2 else nullcontext():
        result = executor.run_and_cache(filter_uris=pages, timeout=CELL_SECONDS)
    failed = result.excepted + result.errored
    for page in failed:
        print(f"{page} failed:\n{cache.get_project_record(page).traceback or ''}", file=sys.stderr)
    return not failed


@contextmanager
def kernels_log():
    """Write what kernels say of themselves to a file: each would warn on the terminal about its port here."""
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with open(BUILD / "kernels.log", "w") as log:
            os.dup2(log.fileno(), 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)


if __name__ == "__main__":
    sys.exit(main())
