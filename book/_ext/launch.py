"""Buttons that open a chapter where it runs: Binder, a JupyterHub, Colab.

They follow from ``repository`` in ``_config.yml``, the only place that names the project's address; without one there
are none. What a chapter needs there it installs itself (``tools/notebooks.py`` writes the cell from the same setting).
"""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

COLAB = "https://colab.research.google.com"
BINDER = "https://mybinder.org"


def addresses(repository: str, release: str, path: str, jupyterhub: str = "") -> dict[str, str]:
    """Return where a file of the repository can be opened, by the name of the service.

    Colab opens only what lies on GitHub. A JupyterHub needs the extension nbgitpuller.

    Examples
    --------
    >>> addresses("https://example.org/cnn/book", "v1", "chapters/a.ipynb")
    {'Binder': 'https://mybinder.org/v2/git/https%3A%2F%2Fexample.org%2Fcnn%2Fbook/v1?urlpath=lab/tree/chapters/a.ipynb'}
    >>> addresses("https://github.com/cnn/book", "v1", "a.ipynb")["Colab"]
    'https://colab.research.google.com/github/cnn/book/blob/v1/a.ipynb'
    >>> addresses("", "v1", "a.ipynb")
    {}
    """
    repository = repository.strip().rstrip("/").removesuffix(".git")
    if not repository:
        return {}
    parts = urlsplit(repository)
    on_github = parts.netloc == "github.com"
    which = f"gh{parts.path}" if on_github else f"git/{quote(repository, safe='')}"
    found = {"Binder": f"{BINDER}/v2/{which}/{release}?urlpath=lab/tree/{path}"}
    if jupyterhub:
        folder = parts.path.rpartition("/")[2]
        query = urlencode({"repo": repository, "branch": release, "urlpath": f"lab/tree/{folder}/{path}"}, safe="/")
        found["JupyterHub"] = f"{jupyterhub.rstrip('/')}/hub/user-redirect/git-pull?{query}"
    if on_github:
        found["Colab"] = f"{COLAB}/github{parts.path}/blob/{release}/{path}"
    return found


def take_address(app: Sphinx, config: Config) -> None:
    """Keep the address from the theme, which refuses hosts that it does not know."""
    config.launch_repository = config.html_theme_options.pop("repository_url", None) or ""
    config.launch_release = config.html_theme_options.pop("repository_branch", None) or ""


def add_buttons(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    if doctree is None or not app.env.doc2path(pagename).endswith(".ipynb"):
        return
    config = app.config
    found = addresses(config.launch_repository, config.launch_release, f"{pagename}.ipynb", config.launch_jupyterhub)
    buttons = [
        {
            "type": "link",
            "text": service,
            "tooltip": f"Open this chapter on {service}",
            "icon": f"_static/images/logo_{service.lower()}.{'png' if service == 'Colab' else 'svg'}",
            "url": url,
        }
        for service, url in found.items()
    ]
    if buttons:
        group = {"type": "group", "tooltip": "Run this chapter", "icon": "fas fa-rocket", "label": "launch-buttons"}
        context["header_buttons"].append({**group, "buttons": buttons})


def setup(app: Sphinx) -> dict:
    for name in ("launch_repository", "launch_release", "launch_jupyterhub"):
        app.add_config_value(name, "", "html")
    app.connect("config-inited", take_address)
    app.connect("html-page-context", add_buttons, priority=600)  # after the theme has begun the list
    return {"parallel_read_safe": True, "parallel_write_safe": True}
