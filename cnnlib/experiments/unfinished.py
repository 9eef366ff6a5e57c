"""The folder beside the ledger where a record grows: a checkpoint or an outcome a seed, until all are there."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from cnnlib import results
from cnnlib.errors import BadInput


@dataclass(frozen=True)
class Unfinished:
    """The unfinished work of one record: ``<ledger>/.unfinished/<experiment>/<record>/``.

    Attributes
    ----------
    folder : Path
        It holds ``about.json``, what the work is, and for each seed its checkpoint or, once it is done, its outcome.
    """

    folder: Path

    @classmethod
    def of(cls, experiment: str, record: str, root: str | Path | None = None) -> Unfinished:
        """Return that of a record; nothing is made yet.

        Examples
        --------
        >>> Unfinished.of("0501", "cnn@mnist", "results").folder.as_posix()
        'results/.unfinished/0501/cnn@mnist'
        """
        return cls(results.ledger(root) / ".unfinished" / experiment / record)

    def checkpoint(self, seed: int) -> Path:
        """Return where `cnnlib.train.fit` keeps the run of a seed."""
        return self.folder / f"seed{seed}.pt"

    def outcome(self, seed: int) -> dict | None:
        """Return what `finish` has kept, if it is there."""
        return _read(self.folder / f"seed{seed}.json")

    def finish(self, seed: int, text: str) -> None:
        """Write the outcome of a seed, completely or not at all, and let its checkpoint go."""
        _write(self.folder / f"seed{seed}.json", text)
        self.checkpoint(seed).unlink(missing_ok=True)

    def about(self) -> dict | None:
        """Return what the work is, if there is any."""
        return _read(self.folder / "about.json")

    def begin(self, about: dict, restart: bool = False) -> None:
        """Make the folder, or check that the work in it is of the same kind.

        Parameters
        ----------
        about : dict
            All that the outcome depends on: plain values by their names.
        restart : bool
            Throw away what is there.

        Raises
        ------
        BadInput
            If the work in the folder is of another kind, or the folder cannot be made.
        """
        before = self.about()
        if restart or before is None:
            self.remove()
            try:
                self.folder.mkdir(parents=True)
            except OSError as problem:
                raise BadInput(
                    f"Cannot make {self.folder}: {problem.strerror}. Name another folder with --results."
                ) from problem
            _write(self.folder / "about.json", json.dumps(about, indent=1, ensure_ascii=False))
        elif before != (about := json.loads(json.dumps(about))):
            names = [name for name in about | before if about.get(name) != before.get(name)]
            said = "; ".join(f"{name}: {before.get(name)!r} then, {about.get(name)!r} now" for name in names)
            way = "everything as it was then"
            if set(names) <= {"threads", "processes"}:
                way = f"--jobs {before.get('processes')}"
            raise BadInput(
                f"{self.folder.parent.name} {self.folder.name} was begun otherwise and is not finished ({said}). "
                f"Go on with {way}, or begin anew with --restart."
            )

    def lock(self) -> FileLock:
        """Return a lock that is held, so that no two processes do the same work; it goes with the process.

        Raises
        ------
        BadInput
            If another process holds it.
        """
        path = self.folder.with_name(self.folder.name + ".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            lock.acquire(blocking=False)
        except Timeout:
            raise BadInput(
                f"Another process records {self.folder.parent.name} {self.folder.name} just now. "
                "Wait until it is done, or name another folder with --results."
            ) from None
        except OSError as problem:
            raise BadInput(f"Cannot write {path}: {problem.strerror}. Name another folder with --results.") from problem
        return lock

    def remove(self) -> None:
        """Remove the folder, what the work is first: without it, nobody takes up what a killed process has left."""
        (self.folder / "about.json").unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def tidy(self, lock: FileLock) -> None:
        """Give back the lock, and remove what is empty then."""
        lock.release()
        with suppress(OSError):  # another process has it already
            Path(lock.lock_file).unlink(missing_ok=True)
            for folder in self.folder.parents[:2]:
                folder.rmdir()


def _write(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text + "\n", encoding="utf-8")
        os.replace(partial, path)
    except OSError as problem:
        raise BadInput(f"Cannot write {path}: {problem.strerror}. Name another folder with --results.") from problem


def _read(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise BadInput(f"{path} is broken ({problem}). Begin anew with --restart.") from problem
