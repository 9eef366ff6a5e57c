"""Read built HTML pages for what the tests of the book ask: what a page loads, links to, shows and names."""

import re
from html.parser import HTMLParser

# Where a browser looks for something to load without being asked; an <a href> waits for a click.
LOADS = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
LINKS_NOT_LOADED = {"author", "canonical", "help", "index", "license", "next", "prev", "search"}


class Page(HTMLParser):
    """What one page loads, links to and names; its widgets and their data; its pictures without a description."""

    def __init__(self, html):
        super().__init__()
        self.loads, self.links, self.names, self.undescribed = [], [], set(), []
        self.assets, self.widgets = set(), set()
        self._hidden = []  # open elements inside which a screen reader hears nothing
        self._style = False
        self.feed(html)

    def handle_starttag(self, tag, pairs):
        attributes = {name: value or "" for name, value in pairs}
        self.names.update(attributes[name] for name in ("id", "name") if name in attributes)
        self.loads += [attributes[name] for name in LOADS.get(tag, ()) if name in attributes]
        if tag == "link" and attributes.get("rel") not in LINKS_NOT_LOADED:
            self.loads.append(attributes.get("href", ""))
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        self.loads += loads_of_css(attributes.get("style", ""))
        self.assets.update(attributes.get("data-assets", "").split())
        if "data-widget" in attributes:
            self.widgets.add(f"widget_{attributes['data-widget']}")  # the script with its module
        self._style = tag == "style"
        hides = attributes.get("aria-hidden") == "true"
        if not self._hidden and not hides and not described(tag, attributes):
            self.undescribed.append(self.get_starttag_text()[:200])
        # Remember the element that hides, and those of its kind within it, so that its own end is recognised.
        if tag != "img" and (hides and not self._hidden or self._hidden and tag == self._hidden[0]):
            self._hidden.append(tag)

    def handle_endtag(self, tag):
        self._style = False
        if self._hidden and tag == self._hidden[-1]:
            self._hidden.pop()

    def handle_data(self, data):
        if self._style:
            self.loads += loads_of_css(data)


def described(tag, attributes):
    """Return whether an element is no picture, or one that a screen reader can put into words."""
    if tag == "img":
        return bool(attributes.get("alt", "").strip()) or attributes.get("role") == "presentation"
    if tag == "svg":
        return bool(attributes.get("aria-label", "").strip() or attributes.get("aria-labelledby", "").strip())
    return True


def loads_of_css(css):
    """Return the addresses a style sheet asks for: `url(…)` and `@import "…"`."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    found = re.findall(r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^)\s]*))\s*\)|@import\s+["']([^"']+)""", css)
    return ["".join(groups) for groups in found]


def is_elsewhere(address):
    """Return whether loading this address would ask another host."""
    return bool(re.match(r"\s*(https?:)?//", address))
