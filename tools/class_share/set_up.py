"""Set the course up on a student's laptop from this share, without any network.

    Windows:          py set_up.py
    macOS and Linux:  python3 set_up.py

It makes the folder `cnn-course` in your home folder (or the one you name): a Python environment, the chapters, the
book, and a file to start JupyterLab with. What you have written is never overwritten, so it may be run again.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

SHARE = Path(__file__).resolve().parent
WINDOWS = os.name == "nt"


def main():
    """Set up, and say how to go on; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path.home() / "cnn-course", help="where (cnn-course)")
    parser.add_argument("--copy-data", action="store_true", help="copy the data, too: for a share that goes away")
    options = parser.parse_args()
    start, target = time.monotonic(), options.folder.expanduser().absolute()
    problem = wrong_python() or damaged()
    if problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"Setting up {target}; this takes a few minutes.", flush=True)
    target.mkdir(parents=True, exist_ok=True)
    python = environment(target / ".venv")
    install = [python, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", SHARE / "wheels"]
    done = subprocess.run([*install, "-r", SHARE / "course" / "requirements.txt"], env=without_pip_settings())
    if done.returncode:
        print("The packages could not be installed; pip says why above. Show this to your teacher.", file=sys.stderr)
        return 1
    for name in ("chapters", "results"):
        copy_new(SHARE / "course" / name, target / name)
    copy_new(SHARE / "book", target / "book")
    data = target / "data" if options.copy_data else SHARE / "data"
    if options.copy_data:
        copy_new(SHARE / "data", data)
    starter = write_starter(target, data)
    print(f"Ready after {time.monotonic() - start:.0f} s.\nRead:  {target / 'book' / 'index.html'}\nRun:   {starter}")
    return 0


def wrong_python():
    """Return what to do where this Python has no packages here; nothing where it has."""
    tags = [re.search(r"-cp3(\d+)-cp3", path.name) for path in (SHARE / "wheels").glob("*.whl")]
    served = {tag[1] for tag in tags if tag}
    if not served or str(sys.version_info[1]) in served:
        return ""
    names = ", ".join(f"3.{minor}" for minor in sorted(served, key=int))
    return f"This is Python 3.{sys.version_info[1]}; this share serves Python {names}. Install one of these, or ask."


def damaged():
    """Return what to do where a package or chapter differs from its checksum; nothing where all are whole."""
    for line in (SHARE / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        expected, name = line.split("  ", 1)
        if name.startswith(("wheels/", "course/")):
            try:
                found = hashlib.sha256((SHARE / name).read_bytes()).hexdigest()
            except OSError:
                found = ""
            if found != expected:
                return f"{name} is damaged or missing. Copy the share again, or ask your teacher for another copy."
    return ""


def environment(folder):
    """Make the Python environment unless it is there; return its Python."""
    python = folder / ("Scripts/python.exe" if WINDOWS else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True, symlinks=not WINDOWS)
    return python


def without_pip_settings():
    """Return the environment without this laptop's own pip settings: an index named there cannot be reached."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_") and name != "PYTHONPATH"}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def copy_new(source, target):
    """Copy what is not there yet; what a student has changed stays."""
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def write_starter(target, data):
    """Write the file that starts JupyterLab with the data and records in place; return it."""
    if WINDOWS:
        starter = target / "start.cmd"
        text = (f'@echo off\nset "CNNLIB_DATA={data}"\nset "CNNLIB_RESULTS={target / "results"}"\n'
                f'"{target}\\.venv\\Scripts\\python.exe" -m jupyter lab "{target / "chapters"}"\n')  # fmt: skip
        starter.write_text(text, encoding="utf-8", newline="\r\n")
        return starter
    starter = target / ("start.command" if sys.platform == "darwin" else "start.sh")
    quoted = {name: "'" + str(path).replace("'", "'\\''") + "'" for name, path in
              (("data", data), ("results", target / "results"), ("chapters", target / "chapters"),
               ("python", target / ".venv" / "bin" / "python"))}  # fmt: skip
    starter.write_text("#!/bin/sh\nexport CNNLIB_DATA={data} CNNLIB_RESULTS={results}\n"
                       "exec {python} -m jupyter lab {chapters}\n".format(**quoted), encoding="utf-8")  # fmt: skip
    starter.chmod(0o755)
    return starter


if __name__ == "__main__":
    sys.exit(main())
