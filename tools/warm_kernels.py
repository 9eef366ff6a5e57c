"""Kernels that start at once, for the building of the book.

Importing PyTorch, Matplotlib and `cnnlib` takes longer than many a page runs. So one process imports them once, and
each kernel is a copy of it (`fork`). Jupyter starts a kernel as a program; that program is this file again, which asks
for a copy and then stands for it: it passes signals on, ends when the copy ends, and the copy ends with it.

`fork` is safe only where no thread runs yet, so nothing here computes before it. Windows has no `fork`, and macOS's own
libraries do not bear it: there kernels start in the ordinary way.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

# What pages import, directly or by what they call. One that is missing here only costs time.
MODULES = (
    "ipykernel.kernelapp", "matplotlib_inline.backend_inline", "torch._dynamo", "torchvision", "sklearn.datasets",
    "matplotlib.pyplot", "cnnlib.bench", "cnnlib.check", "cnnlib.experiments", "cnnlib.pages", "cnnlib.plot",
    "cnnlib.sheet", "cnnlib.widgets",
)  # fmt: skip


@contextmanager
def warm_kernels():
    """While this lasts, kernels named python3 that this process or its children start are such copies."""
    if sys.platform != "linux":
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        address = f"{folder}/socket"  # in a folder of the system's: a socket's name may not be long
        program = [sys.executable, __file__, address]
        spec = Path(folder, "kernels", "python3", "kernel.json")
        spec.parent.mkdir(parents=True)
        spec.write_text(json.dumps({"argv": [*program, "-f", "{connection_file}"], "display_name": "Python 3"}))
        environment = {
            **os.environ,
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # read when Matplotlib is imported
            "JPY_PARENT_PID": "",  # a kernel ends with whoever this is
        }
        before = os.environ.get("JUPYTER_PATH", "")
        server = subprocess.Popen(program, stdout=subprocess.PIPE, env=environment)
        try:
            server.stdout.readline()  # it is ready
            os.environ["JUPYTER_PATH"] = f"{folder}{os.pathsep}{before}"
            yield
        finally:
            os.environ["JUPYTER_PATH"] = before
            server.terminate()
            server.communicate()


def serve(address):
    """Import everything, then answer each caller with a copy of this process."""
    for module in MODULES:
        importlib.import_module(module)
    gc.freeze()  # what is here now is never garbage: copies need not look at it, and so share it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who attend to the copies
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(address)
        listening.listen(64)
        print("ready", flush=True)
        while True:
            caller, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                attend(caller)
            caller.close()


def attend(caller):
    """Make the copy, and be its link with the caller until one of them ends; never returns."""
    os.setsid()  # Ctrl-C in the terminal is for those who build the book
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, streams, _, _ = socket.recv_fds(caller, 1_000_000, 3)
    kernel = os.fork()
    if kernel == 0:
        caller.close()
        become_kernel(json.loads(message), streams)
    ended = os.pidfd_open(kernel)
    while True:
        ready, _, _ = select.select([caller, ended], [], [])
        if ended in ready:
            break
        asked = caller.recv(1)
        os.kill(kernel, asked[0] if asked else signal.SIGKILL)
        if not asked:  # the caller is gone
            break
    _, status = os.waitpid(kernel, 0)
    code = os.waitstatus_to_exitcode(status)
    try:
        caller.send(str(code).encode())
    finally:
        os._exit(0)


def become_kernel(request, streams):
    """Go on as a kernel in the caller's place: its folder, environment, streams and arguments; never returns."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]
    del sys.path[0]  # this file's folder; IPython puts the notebook's there
    from ipykernel.kernelapp import launch_new_instance

    status = 1
    try:
        launch_new_instance()
        status = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def stand_for_copy(address, arguments):
    """Ask for a copy, pass signals on to it, and return its exit status when it has ended."""
    request = {"folder": os.getcwd(), "environment": dict(os.environ), "arguments": arguments}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(address)
        socket.send_fds(server, [json.dumps(request).encode()], [0, 1, 2])
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: server.send(bytes([number])))
        said = server.recv(16)
    return abs(int(said or 1))


if __name__ == "__main__":
    _, address, *arguments = sys.argv
    if arguments:
        sys.exit(stand_for_copy(address, arguments))
    serve(address)
