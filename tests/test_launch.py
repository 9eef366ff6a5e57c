"""Chapters that run elsewhere: what their buttons open, what their first cell installs, what the package carries."""

import os
import subprocess
import sys
import zipfile

import nbformat
import notebooks
import pytest
import yaml

import cnnlib

ADDRESS = "https://example.org/cnn/book"
BUILD = "from jupyter_book.cli.main import main; main()"


@pytest.fixture
def with_address(root, tmp_path):
    """The book's settings with a made-up address."""
    settings = (root / "_config.yml").read_text(encoding="utf-8")
    assert '  url: ""\n' in settings
    path = tmp_path / "_config.yml"
    path.write_text(settings.replace('  url: ""\n', f"  url: {ADDRESS}\n"), encoding="utf-8")
    return path


def test_one_release_is_opened_and_installed(root):
    settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    assert settings["repository"]["branch"] == f"v{cnnlib.__version__}"


def test_without_an_address_nothing_pretends_to_one(root, built_book):
    assert notebooks.install_cell() == ""
    for path in notebooks.notebooks():
        assert notebooks.INSTALL not in {cell.id for cell in nbformat.read(path, 4).cells}
    page = (built_book / "chapters" / "02_convolution_arithmetic.html").read_text(encoding="utf-8")
    assert "launch-buttons" not in page
    assert "mybinder" not in page


def test_with_an_address_the_first_cell_installs_this_release(with_address, monkeypatch):
    source = notebooks.install_cell(with_address)
    assert f'%pip install --quiet "cnnlib @ git+{ADDRESS}@v{cnnlib.__version__}"' in source
    monkeypatch.setattr(notebooks, "install_cell", lambda: source)
    before = notebooks.read(notebooks.CHAPTERS / "02_convolution_arithmetic.ipynb")
    after = notebooks.normal_form(before)
    first = next(cell for cell in after.cells if cell.cell_type == "code")
    assert (first.id, first.source) == ("install", source)
    assert len(after.cells) == len(before.cells) + 1
    assert notebooks.as_text(notebooks.normal_form(after)) == notebooks.as_text(after)  # twice is once
    monkeypatch.setattr(notebooks, "install_cell", lambda: "")
    assert notebooks.as_text(notebooks.normal_form(after)) == notebooks.as_text(notebooks.normal_form(before))


@pytest.mark.parametrize("missing", [True, False])
def test_the_first_cell_installs_only_where_the_package_is_missing(with_address, monkeypatch, missing):
    """Run it, with the notebook's own command for pip replaced by one that notes what it was asked."""
    from IPython.core.inputtransformer2 import TransformerManager

    asked = []

    class Shell:
        def run_line_magic(self, name, line, *_, **__):
            asked.append((name, line))

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if missing else object())
    code = TransformerManager().transform_cell(notebooks.install_cell(with_address))
    exec(code, {"get_ipython": Shell})
    assert asked == ([("pip", f'install --quiet "cnnlib @ git+{ADDRESS}@v{cnnlib.__version__}"')] if missing else [])


def test_with_an_address_a_page_has_buttons(root, with_address, tmp_path):
    """Build a book of one chapter with these settings; Colab opens only what is on GitHub, so it has no button here."""
    settings = yaml.safe_load(with_address.read_text(encoding="utf-8"))
    extensions = settings["sphinx"]["local_extensions"]
    settings["sphinx"]["local_extensions"] = {"launch": str(root / extensions["launch"])}
    settings["sphinx"]["extra_extensions"] = []
    settings["sphinx"]["config"] = {"launch_jupyterhub": "https://hub.example.org"}
    (tmp_path / "none.bib").touch()
    settings |= {"bibtex_bibfiles": ["none.bib"], "execute": {"execute_notebooks": "off"}}
    settings["html"].pop("favicon")
    with_address.write_text(yaml.safe_dump(settings), encoding="utf-8")
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: one\nchapters:\n  - file: chapters/two\n", encoding="utf-8"
    )
    (tmp_path / "one.md").write_text("# One\n", encoding="utf-8")
    (tmp_path / "chapters").mkdir()
    cells = [nbformat.v4.new_markdown_cell("# Two", id="a"), nbformat.v4.new_code_cell("1 + 1", id="b")]
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata=notebooks.METADATA), tmp_path / "chapters" / "two.ipynb"
    )
    build = subprocess.run(
        [sys.executable, "-c", BUILD, "build", ".", "-W", "-q"], cwd=tmp_path, capture_output=True, text=True
    )
    assert build.returncode == 0, build.stdout + build.stderr
    page = (tmp_path / "_build" / "html" / "chapters" / "two.html").read_text(encoding="utf-8")
    release = f"v{cnnlib.__version__}"
    assert (
        f'href="https://mybinder.org/v2/git/https%3A%2F%2Fexample.org%2Fcnn%2Fbook/{release}?urlpath=lab/tree/chapters/two.ipynb"'
        in page
    )
    assert "https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A//example.org/cnn/book" in page
    assert "colab" not in page


def test_the_installed_package_carries_the_records_and_the_widgets(root, tmp_path):
    """Build the wheel from the committed files, unpack it far from the project, and read every record there."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--",
         "cnnlib", "results", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("no git here, so it is unknown which files belong to the project")
    source = tmp_path / "source"
    for name in filter(None, listed.stdout.split("\0")):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (root / name).is_file():
            target.write_bytes((root / name).read_bytes())
    wheel = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        tmp_path,
    ]
    made = subprocess.run([*wheel, source], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    site = tmp_path / "site"
    zipfile.ZipFile(next(tmp_path.glob("*.whl"))).extractall(site)
    code = (
        "import cnnlib; from cnnlib import results; from cnnlib.widgets import bundle; bundle.page_script();"
        "print(cnnlib.__file__);"
        "print(sum(results.load(e, n).n > 0 for e in results.experiments() for n in results.names(e)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(site)}
    environment.pop("CNNLIB_RESULTS", None)
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    place, count = said.stdout.split()
    assert place.startswith(str(site))
    assert int(count) == len(list((root / "results").glob("*/*.json")))
