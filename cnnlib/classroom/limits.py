"""Run a program for a limited time, and leave none of what it started behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

WINDOWS = os.name == "nt"


def run_limited(command: list[str], folder: Path, environment: dict[str, str], seconds: float) -> int | None:
    """Run a program without terminal, input or visible output; end it and its children when the time is up.

    Parameters
    ----------
    command : list of str
        The program and its arguments.
    folder : Path
        Where it runs.
    environment : dict of str
        Its whole environment.
    seconds : float
        The longest it may take.

    Returns
    -------
    int or None
        Its exit status, negative for a signal; None if it was ended because the time was up.

    Examples
    --------
    >>> import sys
    >>> run_limited([sys.executable, "-c", "raise SystemExit(3)"], Path("."), dict(os.environ), 60)
    3
    """
    # A group of its own can be ended as a whole. Output goes nowhere: an endless print must not fill the disk.
    apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if WINDOWS else {"start_new_session": True}
    nothing = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=folder, env=environment, **nothing, **apart)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end(process)


def _end(process: subprocess.Popen) -> None:
    """End the process if it still runs, and whatever of its group is left."""
    if WINDOWS:
        if process.poll() is None:
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing of it is left
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
