"""Instruments that are Python objects in Jupyter and alive in the built page."""

from cnnlib.widgets.base import BadSetting, Widget
from cnnlib.widgets.conv_explorer import ConvExplorer

__all__ = ["BadSetting", "ConvExplorer", "Widget"]
