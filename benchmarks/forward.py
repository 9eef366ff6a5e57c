"""How long does a trained network take in the page? `python benchmarks/forward.py`.

Prints for each weight file the median and the slowest of some forward passes with all feature maps, in the machine's
own Chromium, after a few that warm it up. A drawing should answer within a frame: 16 ms.
"""

import os
import shutil
import sys

from playwright.sync_api import sync_playwright

from cnnlib.widgets import bundle

PASSES = 100
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TIMES = """async ({ text, asset, passes }) => {
  const module = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const net = module.unpack(asset);
  const { channels, rows, columns } = net.input;
  const times = [];
  for (let i = 0; i < passes + 10; i++) {
    const picture = Uint8Array.from({ length: channels * rows * columns }, () => 256 * Math.random());
    const start = performance.now();
    const maps = module.forward(net, module.prepare(net, picture));
    times.push(performance.now() - start);
    if (!Number.isFinite(maps[maps.length - 1].values[0])) throw new Error("no number");
  }
  return times.slice(10).sort((a, b) => a - b);
}"""


def main():
    """Time every network."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        sys.exit(f"no Chromium on this machine: looked for {', '.join(NAMES)} and the variable CHROMIUM")
    text = f"{bundle.module('forward')}\nexport {{ unpack, prepare, forward }};"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        for name in bundle.asset_names():
            if not name.startswith("net_"):
                continue
            times = page.evaluate(TIMES, {"text": text, "asset": bundle.asset(name), "passes": PASSES})
            print(f"{name:28} median {times[PASSES // 2]:5.2f} ms, slowest {times[-1]:5.2f} ms of {PASSES}")
        browser.close()


if __name__ == "__main__":
    main()
