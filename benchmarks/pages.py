"""How soon are the built pages alive, and how quick are their widgets? `python benchmarks/pages.py [PAGE …]`.

Opens each page of the built book that holds a widget in the machine's Chromium, three times from disk, and prints the
milliseconds from the start of the navigation until all its widgets are alive (median), the page's weight (scripts,
style sheets and the widgets' data, compressed), and then for each widget the milliseconds that one change of one of its
controls takes until it is drawn (median over its number fields, sliders, choices and switches, three changes each).
The redrawing time is the processor's: script, style and layout, without the wait for the screen's next frame.
"""

import gzip
import os
import re
import shutil
import statistics
import sys
from pathlib import Path
from urllib.parse import unquote

from playwright.sync_api import sync_playwright

HTML = Path(__file__).resolve().parents[1] / "_build" / "html"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ALIVE = """async () => {
  while (!window.cnnlibWidgets?.ready) await new Promise((resolve) => setTimeout(resolve, 1));
  await window.cnnlibWidgets.ready;
  return performance.now();
}"""
REDRAW = """async () => {
  const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
  const frame = () => new Promise((resolve) => requestAnimationFrame((start) => resolve(start)));
  const rows = [];
  for (const place of document.querySelectorAll(".cnnlib-widget")) {
    place.scrollIntoView();
    const times = [];
    const kinds = 'input[type="number"], input[type="range"], input[type="checkbox"], select';
    const count = place.querySelectorAll(kinds).length;
    for (let k = 0; k < Math.min(count, 40); k++) {
      for (let turn = 0; turn < 3; turn++) {
        const control = place.querySelectorAll(kinds)[k];
        if (!control || control.disabled) continue;
        await frame();
        const before = performance.now();
        if (control.type === "checkbox") control.click();
        else {
          const options = control.options?.length;
          if (options) control.selectedIndex = (control.selectedIndex + 1) % options;
          else control.value = Number(control.value) + (turn % 2 ? -1 : 1);
          control.dispatchEvent(new Event("input", { bubbles: true }));
          control.dispatchEvent(new Event("change", { bubbles: true }));
        }
        document.body.getBoundingClientRect();
        const atOnce = performance.now() - before;
        const start = await frame(); // what the widget put off until the frame has been drawn by now
        document.body.getBoundingClientRect();
        times.push(atOnce + Math.max(0, performance.now() - start));
      }
    }
    rows.push([place.dataset.widget, times.length, times.length ? median(times) : NaN]);
  }
  return rows;
}"""


def weight(path):
    """Return the compressed bytes of what a page may load: scripts, style sheets, the widgets' data."""
    text = path.read_text(encoding="utf-8")
    found = {path.parent / unquote(a) for a in re.findall(r'(?:src|href)="([^":?]+\.(?:js|css))(?:\?[^"]*)?"', text)}
    widgets = {f"widget_{name}" for name in re.findall(r'data-widget="([^"]*)"', text)}
    for names in [*re.findall(r'data-assets="([^"]*)"', text), " ".join(widgets)]:
        found |= {HTML / "_static" / "cnn-assets" / f"{name}.js" for name in names.split()}
    return sum(len(gzip.compress(file.read_bytes(), 6)) for file in {f.resolve() for f in found} if file.is_file())


def main(wanted):
    """Print a line a page and a line a widget."""
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)))
    pages = [p for p in sorted(HTML.glob("*/**/*.html")) if 'class="cnnlib-widget"' in p.read_text(encoding="utf-8")]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for path in pages:
            if wanted and not any(name in path.name for name in wanted):
                continue
            times = []
            for _ in range(3):
                page = browser.new_page(viewport={"width": 1200, "height": 900})
                page.goto(path.as_uri(), wait_until="commit")
                times.append(page.evaluate(ALIVE))
                rows = page.evaluate(REDRAW) if len(times) == 3 else []
                page.close()
            name = path.relative_to(HTML).as_posix()
            print(f"{name:45} alive {statistics.median(times):6.0f} ms   {weight(path) / 1000:4.0f} kB", flush=True)
            for widget, count, time in rows:
                print(f"    {widget:41} redrawn in {time:5.1f} ms  ({count} changes)", flush=True)
        browser.close()


main(sys.argv[1:])
