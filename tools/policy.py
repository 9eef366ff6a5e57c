"""Print the Content-Security-Policy that the built book works under: `python tools/policy.py`.

A server that sends it forbids everything that the book does not need: other hosts, scripts inside pages, `eval`. The
one script that must stay inside (it chooses light or dark before anything is painted) is named by its hash. `blob:` is
for the widgets, whose modules a page opened from disk could not load otherwise.
"""

import base64
import hashlib
import re
from pathlib import Path

HTML = Path(__file__).resolve().parents[1] / "_build" / "html"
INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


def policy(folder=HTML):
    """Return the header's value for a built book."""
    texts = {text for page in folder.rglob("*.html") for text in INLINE.findall(page.read_text(encoding="utf-8"))}
    hashes = sorted(base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    rules = {
        "default-src": ["'self'"],
        "script-src": ["'self'", "blob:", *(f"'sha256-{each}'" for each in hashes)],
        "style-src": ["'self'", "'unsafe-inline'"],  # figures and widgets place things by style attributes
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())


if __name__ == "__main__":
    print(f"Content-Security-Policy: {policy()}")
