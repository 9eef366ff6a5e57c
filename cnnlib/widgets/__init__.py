"""Instruments that are Python objects in Jupyter and alive in the built page."""

from cnnlib.widgets.base import BadSetting, Widget
from cnnlib.widgets.bottleneck_calculator import BottleneckCalculator
from cnnlib.widgets.conv_explorer import ConvExplorer
from cnnlib.widgets.cost_calculator import CostCalculator
from cnnlib.widgets.kernel_playground import KernelPlayground

__all__ = ["BadSetting", "BottleneckCalculator", "ConvExplorer", "CostCalculator", "KernelPlayground", "Widget"]
