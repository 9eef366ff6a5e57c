"""What every widget of the book has in common.

A widget is one Python class whose traits are its state and one JavaScript module that draws it.
In Jupyter the two are joined by the kernel (anywidget). In the built page there is no kernel: the
class leaves its state and a picture of it in the HTML, and the page's script starts the same module.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any, ClassVar

import anywidget
import traitlets

from cnnlib.errors import BadInput, unknown
from cnnlib.widgets import bundle


class BadSetting(BadInput, traitlets.TraitError):
    """A setting that a widget cannot take.

    It is also a ``TraitError``, so that traitlets restores the last valid state.

    Examples
    --------
    >>> issubclass(BadSetting, BadInput) and issubclass(BadSetting, traitlets.TraitError)
    True
    """


class Widget(anywidget.AnyWidget):
    """A widget that is alive in Jupyter and in the built page.

    A subclass names its JavaScript ``module`` and tags the traits that make up its state with
    ``sync=True``.

    Examples
    --------
    >>> from cnnlib.widgets import ConvExplorer
    >>> ConvExplorer(stride=2)
    ConvExplorer(stride=2)
    """

    module: ClassVar[str]
    heights: ClassVar[tuple[int, int]] = (0, 0)
    """Pixels to keep free for it before it is alive, on a phone and on a wide page, so that nothing jumps."""

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    _assets = traitlets.Dict().tag(sync=True)

    @traitlets.default("_esm")
    def _default_esm(self) -> str:
        return bundle.module(self.module)

    @traitlets.default("_css")
    def _default_css(self) -> str:
        return bundle.stylesheet(self.module)

    @traitlets.default("_assets")
    def _default_assets(self) -> dict:
        return {name: bundle.asset(name) for name in self.assets()}

    def __init__(self, **settings: Any) -> None:
        allowed = {*self.settings(), "layout"}
        for name in settings:
            if name not in allowed:
                raise unknown(f"setting of {type(self).__name__}", name, allowed)
        super().__init__(**settings)

    @classmethod
    def settings(cls) -> list[str]:
        """List the names that the constructor takes.

        Returns
        -------
        list of str
            Every trait of the state that can be set, in the order of definition.

        Examples
        --------
        >>> from cnnlib.widgets import ConvExplorer
        >>> ConvExplorer.settings()[:3]
        ['input_size', 'in_channels', 'out_channels']
        """
        inherited = set(anywidget.AnyWidget.class_trait_names())
        own = cls.class_traits(sync=True)
        named = [name for klass in reversed(cls.__mro__) for name in vars(klass) if name in own]
        public = [n for n in dict.fromkeys(named) if n not in inherited and not n.startswith("_")]
        return [n for n in public if not own[n].read_only]

    def state(self) -> dict[str, Any]:
        """Return what the JavaScript side starts from.

        Returns
        -------
        dict
            Setting to value, ready for JSON.

        Examples
        --------
        >>> from cnnlib.widgets import ConvExplorer
        >>> ConvExplorer(stride=2).state()["stride"]
        2
        """
        return {name: getattr(self, name) for name in self.settings()}

    def assets(self) -> list[str]:
        """Name the large data that its JavaScript asks for: files of ``assets/``, without ``.json``.

        In Jupyter they are sent with the widget; on a page each is a script of its own, loaded when asked for.

        Returns
        -------
        list of str
            None, unless a subclass says otherwise.

        Examples
        --------
        >>> from cnnlib.widgets import ConvExplorer
        >>> ConvExplorer().assets()
        []
        """
        return []

    def within_limits(self, proposal: dict, size: Callable[[dict], object]) -> int:
        """Accept a proposed value: within its trait's limits, and with a size that exists.

        Parameters
        ----------
        proposal : dict
            What traitlets hands to a validator.
        size : callable
            Computes the output size from a state, or raises `BadInput`.

        Raises
        ------
        BadSetting
            With the value, what is allowed and the mend.
        """
        name, value = proposal["trait"].name, proposal["value"]
        low, high = proposal["trait"].metadata["limits"]
        if not low <= value <= high:
            nearest = min(max(value, low), high)
            raise BadSetting(f"{name} is {value}; it must be from {low} to {high}. Use {name}={nearest}.")
        try:
            size(self.state() | {name: value})
        except BadInput as problem:
            raise BadSetting(str(problem)) from None
        return value

    def picture(self) -> str:
        """Return the first state as HTML, seen where no JavaScript runs.

        Returns
        -------
        str
            An inline SVG or a table.
        """
        raise NotImplementedError(f"{type(self).__name__} must draw its first state")

    def to_html(self) -> str:
        """Return the widget's form for a page without a kernel.

        Returns
        -------
        str
            One ``div`` with the state in ``data-state`` and the picture inside.

        Examples
        --------
        >>> from cnnlib.widgets import ConvExplorer
        >>> ConvExplorer().to_html()[:63]
        '<div class="cnnlib-widget" data-widget="conv_explorer" style="-'
        """
        state = html.escape(json.dumps(self.state(), separators=(",", ":"), ensure_ascii=False), quote=True)
        narrow, wide = self.heights
        return (
            f'<div class="cnnlib-widget" data-widget="{self.module}" style="--cw-narrow:{narrow}px;--cw-wide:{wide}px" '
            f'data-assets="{" ".join(self.assets())}" data-state="{state}">{self.picture()}</div>'
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/html": self.to_html()}, metadata

    def __repr__(self) -> str:
        # Only what differs from the defaults: short, stable, and it can be pasted back.
        changed = {n: getattr(self, n) for n in self.settings() if getattr(self, n) != self.trait_defaults(n)}
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in changed.items())})"
