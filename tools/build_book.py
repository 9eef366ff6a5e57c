"""Execute the chapters and build the book: `python tools/build_book.py`.

Jupyter Book executes chapters one after another and keys its cache by the code in the cells alone. This script
fills that cache in parallel first, and empties it when something else that decides the outputs has changed: the
package, the recorded results, the installed versions or the data at hand.
"""

import hashlib
import logging
import os
import shutil
import sys
import warnings
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path

from jupyter_book.cli.main import main as jupyter_book
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from notebooks import CELL_SECONDS, notebooks

from cnnlib.data import data_root

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"  # where Jupyter Book looks


def main():
    """Build the book into _build/html, print where to open it; return the exit status."""
    forget_stale_outputs()
    if not execute_chapters():
        return 1
    # Everything is read and written anew: a warning in an unchanged page must stay an error in the second build too.
    shutil.rmtree(BUILD / "html", ignore_errors=True)
    # Sphinx looks through every object in memory for one of its own, and so touches a name that torch would retire.
    warnings.filterwarnings("ignore", category=FutureWarning, module="sphinx_external_toc")
    try:
        jupyter_book(["build", str(ROOT), "--all", "-W", "-n", "--keep-going", "-q"], standalone_mode=False)
    except (RuntimeError, SystemExit) as stop:
        print(f"{stop}\nThe book was not built: every warning above counts as an error.", file=sys.stderr)
        return 1
    return 0  # Jupyter Book has printed the path to open


def forget_stale_outputs():
    """Empty the cache of executed chapters when the package, the results, the versions or the data have changed."""
    stamp = CACHE / "made_with"
    now = fingerprint()
    if CACHE.exists() and not (stamp.exists() and stamp.read_text() == now):
        shutil.rmtree(CACHE)
    CACHE.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now)


def fingerprint():
    """Return a digest of all that decides a chapter's outputs beside its own cells."""
    installed = sorted(f"{package.name} {package.version}" for package in distributions())
    data = sorted(f"{path} {path.stat().st_size}" for path in data_root().rglob("*") if path.is_file())
    digest = hashlib.sha256("\n".join([sys.version, *installed, *data]).encode())
    for path in sorted([*(ROOT / "cnnlib").rglob("*"), *(ROOT / "results").rglob("*.json")]):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def execute_chapters():
    """Execute the pages with code that are not in the cache, one a processor; return whether all ran."""
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
    with kernels_log():
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
