"""What several test files share: the built book, and which tests must stay in one process."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root():
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def built_book():
    """Build the book as `make book` does, once a run; give the folder of its HTML."""
    build = subprocess.run(
        [sys.executable, ROOT / "tools" / "build_book.py"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    if build.returncode:
        pytest.fail("the book does not build:\n" + build.stdout[-3000:] + build.stderr[-10000:], pytrace=False)
    return ROOT / "_build" / "html"


def pytest_collection_modifyitems(items):
    """Keep together what `pytest -n 2 --dist loadgroup` must not part: the one book, and each notebook's one kernel."""
    for item in items:
        if "built_book" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("book"))
        elif item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
