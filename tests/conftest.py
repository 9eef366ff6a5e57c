"""What several test files share: the project's folder and the built book."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from warm_kernels import warm_kernels

if "PYTEST_XDIST_WORKER" in os.environ:
    # One processor a worker: set before anyone imports torch, and inherited by the kernels of the notebooks.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure(config):
    """Where several processes run the tests, their notebooks' kernels are copies of one."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # the copies keep what was so when their original began
        kernels = contextlib.ExitStack()
        kernels.enter_context(warm_kernels())
        config.add_cleanup(kernels.close)


def pytest_collection_modifyitems(items):
    """Begin with the building of the book and end with what needs it, so that no worker waits for it."""
    needing = {item.path for item in items if "built_book" in getattr(item, "fixturenames", ())}
    builds = ROOT / "tests" / "test_book.py"
    items.sort(key=lambda item: 0 if item.path == builds else 2 if item.path in needing else 1)


@pytest.fixture(scope="session")
def root():
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def built_book(tmp_path_factory):
    """Build the book as `make book` does, once a run; give the folder of its HTML."""
    ours = tmp_path_factory.getbasetemp()
    shared = ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours  # by all workers of this run
    outcome = shared / "book.txt"
    with FileLock(shared / "book.lock"):
        if not outcome.exists():
            build = subprocess.run(
                [sys.executable, ROOT / "tools" / "build_book.py"],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
            )
            outcome.write_text(f"{build.returncode}\n{build.stdout}", encoding="utf-8")
    status, _, said = outcome.read_text(encoding="utf-8").partition("\n")
    if status != "0":
        pytest.fail(f"the book does not build:\n{said[-12000:]}", pytrace=False)
    return ROOT / "_build" / "html"
