"""The share for a class has what each system needs, and sets a laptop up without any network."""

import os
import subprocess
import sys
import zipfile

import class_share
import pytest

LINES = [
    "colorama==0.4.6 ; sys_platform == 'win32'",
    "appnope==1.0.0 ; sys_platform == 'darwin'",
    "numpy==2.4.6 ; python_full_version < '3.12'",
    "numpy==2.5.5 ; python_full_version >= '3.12'",
    "soupsieve==4.1.2 ; python_full_version >= '3.11.5'",
    "torch==2.15.0",
]


@pytest.mark.parametrize(
    "system, release, wanted",
    [
        ("windows", "3.11.0", {"colorama==0.4.6", "numpy==2.4.6", "torch==2.15.0"}),
        ("macos", "3.11.99", {"appnope==1.0.0", "numpy==2.4.6", "soupsieve==4.1.2", "torch==2.15.0"}),
        ("linux", "3.13.0", {"numpy==2.5.5", "soupsieve==4.1.2", "torch==2.15.0"}),
    ],
)
def test_conditions_are_judged_for_the_students_machine(system, release, wanted):
    assert set(class_share.for_machine(LINES, system, release)) == wanted


def test_linux_gets_torch_from_the_index_of_cpu_builds_and_from_no_other(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(class_share, "pip", lambda *arguments: calls.append(list(map(str, arguments))))
    class_share.download_wheels(tmp_path, LINES, ["linux", "windows"], ["3.12"])
    downloads = [call for call in calls if call[0] == "download"]
    with_torch = [call for call in downloads if "torch==2.15.0" in call]
    assert [class_share.CPU_INDEX in call for call in with_torch] == [True, False]  # Linux, Windows
    assert with_torch[0][-3:] == ["--index-url", class_share.CPU_INDEX, "torch==2.15.0"]
    assert all("numpy==2.5.5" in call for call in downloads if class_share.CPU_INDEX not in call)


def test_students_get_the_course_without_the_tools_of_the_tests():
    names = {line.split("==")[0] for line in class_share.course_requirements()}
    assert {"torch", "jupyterlab", "matplotlib"} <= names
    assert not {"pytest", "ruff", "playwright"} & names


def wheel(folder, name, version="1.0"):
    """Write a wheel of a package that needs nothing."""
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        about = f"{name}-{version}.dist-info"
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")


@pytest.fixture
def share(tmp_path, built_book, monkeypatch):
    """A share with two tiny packages in the place of the real ones."""

    def tiny(wheels, *rest):
        wheels.mkdir()
        for name in ("cnnlib", "tiny"):
            wheel(wheels, name)

    (tmp_path / "root" / "MNIST").mkdir(parents=True)
    (tmp_path / "root" / "MNIST" / "a").write_text("pictures")
    (tmp_path / "root" / "made").mkdir()
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path / "root"))
    monkeypatch.setattr(class_share, "download_wheels", tiny)
    monkeypatch.setattr(class_share, "course_requirements", lambda: ["tiny==1.0"])
    assert class_share.main([str(tmp_path / "share")]) == 0
    return tmp_path / "share"


def set_up(share, target):
    # No index can be asked: pip is told --no-index, and a wrong address would say so at once.
    environment = {**os.environ, "PIP_INDEX_URL": "https://nowhere.invalid/simple", "PYTHONPATH": ""}
    command = [sys.executable, str(share / "set_up.py"), str(target)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_a_laptop_is_set_up_from_the_share_and_keeps_what_was_written(share, tmp_path):
    assert {path.name for path in share.iterdir()} == {
        "README.txt", "SHA256SUMS", "book", "course", "data", "set_up.py", "wheels",
    }  # fmt: skip
    assert not (share / "course" / "chapters" / "solutions").exists() and (share / "data" / "MNIST" / "a").exists()
    target = tmp_path / "my course"
    (target / "chapters").mkdir(parents=True)
    (target / "chapters" / "04_pooling.ipynb").write_text("my answers")
    done = set_up(share, target)
    assert done.returncode == 0, done.stderr
    python = next(target.glob(".venv/bin/python")) if os.name == "posix" else target / ".venv/Scripts/python.exe"
    assert subprocess.run([python, "-c", "import cnnlib, tiny"], env={**os.environ, "PYTHONPATH": ""}).returncode == 0
    assert (target / "chapters" / "04_pooling.ipynb").read_text() == "my answers"
    assert (target / "book" / "index.html").exists() and any((target / "results").rglob("*.json"))
    starter = next(target.glob("start.*")).read_text(encoding="utf-8")
    assert str(share / "data") in starter and str(target / "chapters") in starter


def test_a_damaged_copy_or_another_python_is_refused_in_one_line(share, tmp_path):
    (share / "wheels" / "tiny-1.0-py3-none-any.whl").write_bytes(b"cut short")
    done = set_up(share, tmp_path / "out")
    assert done.returncode == 1 and done.stderr.startswith("wheels/tiny-1.0-py3-none-any.whl is damaged")
    (share / "wheels" / "torch-2-cp39-cp39-win_amd64.whl").touch()
    done = set_up(share, tmp_path / "out")
    assert done.returncode == 1 and "this share serves Python 3.9" in done.stderr
    assert not (tmp_path / "out").exists()


def test_cnnlibs_own_wheel_brings_scripts_styles_and_data(tmp_path, root):
    class_share.own_wheel(tmp_path)
    (made,) = tmp_path.glob("cnnlib-*.whl")
    with zipfile.ZipFile(made) as archive:
        names = set(archive.namelist())
    sources = [path for path in (root / "cnnlib").rglob("*") if path.suffix in (".py", ".js", ".css", ".json")]
    assert {path.relative_to(root).as_posix() for path in sources} <= names
