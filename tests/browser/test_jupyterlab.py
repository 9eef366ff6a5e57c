"""A widget in a live JupyterLab: a knob moved in the browser changes the Python trait, and the other way round."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

CELLS = (
    "from cnnlib.widgets import ConvExplorer\nw = ConvExplorer(input_size=7)\nw",
    "print('stride in Python:', w.stride, 'output size:', w.output_size)",
    "w.padding = 1",
    "w.kernel_size = 12",
)
KNOB = '.cw-knob:has-text("{}") input'
RUN = "command => window.jupyterapp.commands.execute(command)"
WAIT = 90_000  # milliseconds: a Lab and a kernel start while other tests use the processor


@pytest.fixture
def lab(tmp_path, root):
    """Start a JupyterLab of its own, with its own settings, in an empty folder; give its address and the folder."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "live.ipynb")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "ServerApp.ip": "127.0.0.1", "ServerApp.port": port, "ServerApp.open_browser": False,
        "ServerApp.allow_root": True, "ServerApp.root_dir": str(tmp_path), "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True, "LabApp.news_url": "", "LabApp.extension_manager": "readonly",
    }  # fmt: skip
    homes = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    log = (tmp_path / "lab.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())],
        cwd=tmp_path, env=os.environ | homes | {"PYTHONPATH": str(root)}, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(WAIT // 500):
            try:
                json.load(urllib.request.urlopen(f"{address}/api/status"))
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "lab.log").read_text()
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def test_a_widget_and_its_kernel_agree(browser, lab):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(WAIT)
    page.goto(f"{lab}/lab/tree/live.ipynb")
    page.wait_for_function("window.jupyterapp?.commands.hasCommand('notebook:run-cell-and-select-next')")
    page.locator(".jp-Notebook .jp-Cell").nth(3).wait_for()
    page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()

    def run(cell):
        page.locator(".jp-Notebook .jp-Cell .cm-content").nth(cell).click()
        page.evaluate(RUN, "notebook:run-cell")

    run(0)
    page.locator(".cw-size").first.wait_for()
    assert page.locator(".cw-size").first.inner_text() == "5"

    knob = page.locator(KNOB.format("stride")).first
    knob.fill("2")
    knob.press("Tab")
    page.wait_for_function("document.querySelector('.cw-size').innerText === '3'")
    run(1)
    page.get_by_text("stride in Python: 2 output size: 3").wait_for()

    run(2)
    page.wait_for_function("document.querySelector('.cw-size').innerText === '4'")
    assert page.locator(KNOB.format("padding")).first.input_value() == "1"

    run(3)  # Python refuses it, and the widget keeps what it had
    page.get_by_text("BadSetting").first.wait_for()
    assert page.locator(".cw-size").first.inner_text() == "4"
    page.close()
