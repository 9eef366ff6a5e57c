r"""Fill a folder from which a class sets itself up without any network: `python tools/class_share.py DIR`.

    python tools/class_share.py E:\cnn --python 3.12 3.13 --systems windows macos

The folder holds the packages for the named systems and Pythons (`wheels`), the data sets of this machine's data root
(`data`), the built book (`book`), the chapters and the recorded results (`course`), a `README.txt` and a program for
the students (`set_up.py`), and the checksums of them all (`SHA256SUMS`). Copy it to a file server or to USB sticks.
Filling it needs a network; packages that are there already are not fetched again.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
STUDENT_FILES = Path(__file__).resolve().parent / "class_share"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
GLIBC = 28  # torch's wheels for Linux ask for glibc 2.28; what asks for an older one runs as well
SYSTEMS = {
    # name: the machine as markers of requirements see it, and the wheels' tags that it takes
    "windows": (
        {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
        ["win_amd64"],
    ),
    "macos": (
        {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
        ["macosx_14_0_arm64"],
    ),
    "linux": (
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
        [*(f"manylinux_2_{minor}_x86_64" for minor in range(GLIBC, 4, -1)), "manylinux2014_x86_64", "linux_x86_64"],
    ),
}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
THIS_PYTHON = "{}.{}".format(*sys.version_info)
NOT_COPIED_FROM_BOOK = shutil.ignore_patterns("*.map")  # for those who debug the theme
NOT_COPIED_AS_DATA = shutil.ignore_patterns(".*", "made", "*.part", "*.lock", "*.tmp")  # "made": each user's own cache
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__")


def main(arguments=None):
    """Do what the command line asks; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the share to fill")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS), help="all, if left out")
    parser.add_argument("--python", nargs="+", choices=PYTHONS, default=[THIS_PYTHON], help="this one, if left out")
    parser.add_argument("--solutions", action="store_true", help="put the solutions in; the book shows them anyway")
    options = parser.parse_args(arguments)
    try:
        fill(options.folder, options.systems, options.python, options.solutions)
    except (OSError, ValueError) as problem:
        print(f"The share is not complete: {problem}", file=sys.stderr)
        return 1
    return 0


def fill(folder, systems, pythons, solutions=False):
    """Bring the share up to date and say what it holds."""
    html = ROOT / "_build" / "html"
    if not (html / "index.html").is_file():
        raise ValueError("the book is not built yet. Run `make book` (tools/build_book.py) first.")
    folder.mkdir(parents=True, exist_ok=True)
    lines = course_requirements()
    download_wheels(folder / "wheels", lines, systems, pythons)
    copy_anew(html, folder / "book", NOT_COPIED_FROM_BOOK)
    copy_course(folder / "course", lines, solutions)
    copy_data(folder / "data")
    for path in STUDENT_FILES.iterdir():
        if path.is_file():
            shutil.copy(path, folder / path.name)
    sums = write_sums(folder)
    size = sum((folder / name).stat().st_size for name in sums)
    print(f"{folder}: {len(sums)} files, {size / 1e6:,.0f} MB, for {', '.join(systems)}, Python {', '.join(pythons)}")


def course_requirements():
    """Return the lines of requirements.txt that a student needs: without the tools of the tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tools = {canonicalize_name(Requirement(line).name) for line in project["optional-dependencies"]["test"]}
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()]
    return [line for line in lines if line and canonicalize_name(Requirement(line).name) not in tools]


def for_machine(lines, system, release):
    """Return the requirements that hold on a system and release of Python, without their conditions.

    pip judges conditions by the machine it runs on, so they are judged here.
    """
    facts = {**SYSTEMS[system][0], "python_version": release.rsplit(".", 1)[0], "python_full_version": release,
             "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": ""}  # fmt: skip
    wanted = map(Requirement, lines)
    return [f"{each.name}{each.specifier}" for each in wanted if each.marker is None or each.marker.evaluate(facts)]


def download_wheels(wheels, lines, systems, pythons):
    """Fetch the packages for every system and Python, and make cnnlib's own."""
    wheels.mkdir(exist_ok=True)
    for system in systems:
        for python in pythons:
            print(f"Packages for {system}, Python {python}", flush=True)
            tags = [option for tag in SYSTEMS[system][1] for option in ("--platform", tag)]
            fetch = ["download", "--no-deps", "--only-binary=:all:", "--find-links", wheels, "--dest", wheels,
                     "--implementation", "cp", *tags, "--python-version"]  # fmt: skip
            first, last = f"{python}.0", f"{python}.99"
            wanted = for_machine(lines, system, first)
            # PyPI's torch for Linux wants gigabytes of GPU libraries, which a laptop has no use for.
            cpu = [line for line in wanted if system == "linux" and Requirement(line).name in ("torch", "torchvision")]
            # A condition may name a patch release, so the last one may need another version than the first.
            late = [line for line in for_machine(lines, system, last) if line not in wanted]
            if cpu:
                pip(*fetch, first, "--index-url", CPU_INDEX, *cpu)
            pip(*fetch, first, *(line for line in wanted if line not in cpu))
            if late:
                pip(*fetch, last, *late)
    own_wheel(wheels)


def own_wheel(wheels):
    """Make the wheel of cnnlib, from a copy that holds nothing of earlier builds."""
    for old in wheels.glob("cnnlib-*.whl"):
        old.unlink()
    with tempfile.TemporaryDirectory() as clean:
        shutil.copytree(ROOT / "cnnlib", Path(clean) / "cnnlib", ignore=NOT_COPIED)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, clean)
        pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, clean)  # setuptools comes with torch


def pip(*arguments):
    """Run this Python's pip; ValueError where it fails."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if subprocess.run([sys.executable, "-m", "pip", *map(str, arguments), "--quiet"], env=environment).returncode:
        raise ValueError(f"`pip {arguments[0]}` failed; its reason stands above.")


def copy_course(course, lines, solutions):
    """Copy the chapters, the records they quote, the licences, and the list of packages."""
    left_out = NOT_COPIED if solutions else shutil.ignore_patterns("solutions", ".*")
    copy_anew(ROOT / "chapters", course / "chapters", left_out)
    copy_anew(ROOT / "results", course / "results", NOT_COPIED)
    for name in ("LICENSE", "LICENSE-text.md"):
        shutil.copy(ROOT / name, course / name)
    (course / "requirements.txt").write_text("\n".join([*lines, "cnnlib"]) + "\n", encoding="utf-8")


def copy_data(target):
    """Copy the data root of this machine, and say what is missing."""
    from cnnlib.data import data_root

    target.mkdir(exist_ok=True)
    if data_root().is_dir():
        copy_anew(data_root(), target, NOT_COPIED_AS_DATA)
    if not any(target.iterdir()):
        print("No data here, so the chapters will use the small embedded sets. To add the real ones, first run: "
              "cnnlib fetch mnist fashion_mnist cifar10")  # fmt: skip


def copy_anew(source, target, left_out):
    """Copy a folder in the place of an older copy."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=left_out)


def write_sums(folder):
    """Write the SHA-256 of every file, as `sha256sum -c SHA256SUMS` reads it; return the names."""
    sums = folder / "SHA256SUMS"
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path != sums)
    lines = [f"{hashlib.file_digest((folder / name).open('rb'), 'sha256').hexdigest()}  {name}" for name in names]
    sums.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return names


if __name__ == "__main__":
    sys.exit(main())
