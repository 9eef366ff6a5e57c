"""A real Chromium, and pages with widgets that need no built book."""

import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

import pytest

from cnnlib.widgets import bundle

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run")  # fmt: skip
CSS = Path(__file__).resolve().parents[2] / "book" / "_static" / "book.css"


@pytest.fixture(scope="session")
def browser():
    """Start the machine's own Chromium; where there is none, its tests are skipped and say so."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no Chromium on this machine: looked for {', '.join(NAMES)} and the variable CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser):
    """Open an address; the page must ask nothing of other hosts and put no error on the console."""
    pages, faults = [], []

    def open_page(url, width=1000, height=900, **options):
        page = browser.new_context(viewport={"width": width, "height": height}, **options).new_page()
        pages.append(page)
        page.on("console", lambda m: faults.append(f"console: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda e: faults.append(f"error: {e}"))
        page.on("request", lambda r: faults.append(f"request: {r.url}") if _is_foreign(r.url) else None)
        page.goto(url)
        if page.locator(".cnnlib-widget").count():
            page.wait_for_function("window.cnnlibWidgets?.ready")
            page.evaluate("() => window.cnnlibWidgets.ready.then(() => true)")
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert faults == []


def _is_foreign(url):
    return not url.startswith(("file:", "data:", "blob:", "about:", "http://127.0.0.1"))


@pytest.fixture
def page_with(tmp_path):
    """Write a page that holds some widgets as the built book does, and return its file:// address."""

    def write(*widgets, theme="light"):
        body = "\n".join(widget.to_html() for widget in widgets)
        (tmp_path / "widgets.js").write_text(bundle.page_script(), encoding="utf-8")
        (tmp_path / "cnn-assets").mkdir(exist_ok=True)
        for name in bundle.widget_names():
            (tmp_path / "cnn-assets" / f"widget_{name}.js").write_text(bundle.module_script(name), encoding="utf-8")
        for name in {name for widget in widgets for name in widget.assets()}:
            (tmp_path / "cnn-assets" / f"{name}.js").write_text(bundle.asset_script(name), encoding="utf-8")
        (tmp_path / "index.html").write_text(
            f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>Widgets</title>'
            '<link rel="icon" href="data:,">'
            f"<style>{CSS.read_text(encoding='utf-8')}{bundle.stylesheet()} body {{margin: 8px}}"
            'html[data-theme="dark"] body {background: #14181e}</style>'
            f'<script src="widgets.js" defer></script>{body}</html>',
            encoding="utf-8",
        )
        return (tmp_path / "index.html").as_uri()

    return write


class _Silent(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *arguments, headers_to_add, **settings):
        self.headers_to_add = headers_to_add
        super().__init__(*arguments, **settings)

    def end_headers(self):
        for name, value in self.headers_to_add.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *words):
        """Say nothing: a test's output is for what failed."""


@pytest.fixture
def serve():
    """Serve folders on 127.0.0.1 while the test runs; give each one's address."""
    servers = []

    def start(folder, headers=None):
        handler = functools.partial(_Silent, directory=folder, headers_to_add=headers or {})
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def served(serve, tmp_path):
    """Serve the test's folder and return the address of its index."""
    return f"{serve(tmp_path)}/index.html"
