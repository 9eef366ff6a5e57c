"""Instruments that are Python objects in Jupyter and alive in the built page."""

from cnnlib.widgets.base import BadSetting, Widget
from cnnlib.widgets.conv_explorer import ConvExplorer
from cnnlib.widgets.cost_calculator import CostCalculator
from cnnlib.widgets.drill import Drill
from cnnlib.widgets.feature_maps import FeatureMaps
from cnnlib.widgets.kernel_playground import KernelPlayground
from cnnlib.widgets.live_network import LiveNetwork
from cnnlib.widgets.network_inspector import NetworkInspector
from cnnlib.widgets.pooling_explorer import PoolingExplorer
from cnnlib.widgets.quiz import Quiz
from cnnlib.widgets.training_explorer import TrainingExplorer

__all__ = [
    "BadSetting",
    "ConvExplorer",
    "CostCalculator",
    "Drill",
    "FeatureMaps",
    "KernelPlayground",
    "LiveNetwork",
    "NetworkInspector",
    "PoolingExplorer",
    "Quiz",
    "TrainingExplorer",
    "Widget",
]
