"""Kernels copied from one process behave as those that start by themselves."""

import os
import signal
import sys
import time

import pytest
from jupyter_client.manager import start_new_kernel
from warm_kernels import warm_kernels

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere kernels start in the ordinary way")


@pytest.fixture(scope="module", autouse=True)
def warm():
    with warm_kernels():
        yield


@pytest.fixture
def start(tmp_path):
    """Start kernels in a folder of their own; end them."""
    started = []

    def start(**environment):
        started.append(start_new_kernel(cwd=tmp_path, env={**os.environ, **environment}))
        return started[-1]

    yield start
    for manager, client in started:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def value(client, code):
    """Run code, return its value as the page would show it."""
    shown = []

    def hear(message):
        if message["msg_type"] == "execute_result":
            shown.append(message["content"]["data"]["text/plain"])

    client.execute_interactive(code, output_hook=hear, timeout=60)
    return shown[-1]


def ended(process):
    """Whether a process ends within ten seconds."""
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_a_kernel_has_its_folder_its_environment_and_an_empty_namespace(start, tmp_path):
    _, first = start(CNN_BOOK_TEST="one")
    _, second = start(CNN_BOOK_TEST="two")
    assert value(first, "import os; os.getcwd()") == repr(str(tmp_path))
    assert value(first, "os.environ['CNN_BOOK_TEST']") == "'one'"
    value(first, "mine = 1; mine")
    assert value(second, "os = __import__('os'); os.environ['CNN_BOOK_TEST'], 'mine' in globals()") == "('two', False)"
    assert value(second, "'torch' in globals(), 'torch' in __import__('sys').modules") == "(False, True)"


def test_a_cell_that_does_not_end_can_be_interrupted(start):
    manager, client = start()
    cell = "import time; print('begun', flush=True); time.sleep(60)"
    message = client.execute(cell, stop_on_error=False)  # or what is asked right after the error may be dropped
    while client.get_iopub_msg(timeout=20)["msg_type"] != "stream":
        pass
    manager.interrupt_kernel()
    reply = client.get_shell_msg(timeout=20)
    assert (reply["parent_header"]["msg_id"], reply["content"]["ename"]) == (message, "KeyboardInterrupt")
    assert value(client, "6 * 7") == "42"


def test_a_kernel_ends_with_the_program_that_stands_for_it(start):
    manager, client = start()
    copy = int(value(client, "import os; os.getpid()"))
    stands_for_it = manager.provisioner.pid
    assert copy != stands_for_it
    os.kill(stands_for_it, signal.SIGKILL)
    assert ended(copy)


@pytest.mark.parametrize("how", ["asked", "crashes"])
def test_the_program_ends_with_the_kernel_that_it_stands_for(start, how):
    manager, client = start()
    if how == "asked":
        client.shutdown()
    else:
        client.execute("import os; os.abort()")
    process = manager.provisioner.process
    assert process.wait(timeout=20) == (0 if how == "asked" else signal.SIGABRT)
