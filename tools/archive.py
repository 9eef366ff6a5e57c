"""Pack the built book into one zip that can be handed round: `python tools/archive.py`.

Writes `_build/cnn-book.zip` and beside it its SHA-256, as `sha256sum -c` reads it. The same pages always give the same
bytes: order, times and rights of the files are fixed. Unpack it anywhere and open `cnn-book/index.html`.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

BUILD = Path(__file__).resolve().parents[1] / "_build"
FOLDER = "cnn-book"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first day that a zip can name
LEFT_OUT = (".map", ".buildinfo")  # for those who debug the theme, and Sphinx's own note


def main():
    """Pack, say what was written; return the exit status."""
    if not (BUILD / "html" / "index.html").is_file():
        print("No book here yet: run `make book` (tools/build_book.py) first.", file=sys.stderr)
        return 1
    archive, names = pack(BUILD / "html", BUILD / f"{FOLDER}.zip")
    print(f"{archive}: {len(names)} files, {archive.stat().st_size / 1e6:.1f} MB\n{write_sum(archive)}")
    return 0


def pack(folder, target):
    """Write every file of a folder into a zip; return the zip and the names in it."""
    paths = {f"{FOLDER}/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()}
    names = sorted(name for name in paths if not name.endswith(LEFT_OUT))
    part = target.with_suffix(".part")  # an interruption must not leave half a book under the right name
    with zipfile.ZipFile(part, "w") as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # Unix, also when packed on Windows
            archive.writestr(entry, paths[name].read_bytes(), zipfile.ZIP_DEFLATED, 9)
    part.replace(target)
    return target, names


def write_sum(archive):
    """Write the archive's SHA-256 beside it; return the file."""
    target = archive.with_name(f"{archive.name}.sha256")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    target.write_text(f"{digest}  {archive.name}\n", encoding="utf-8", newline="\n")
    return target


if __name__ == "__main__":
    sys.exit(main())
