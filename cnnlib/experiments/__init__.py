"""The named experiments: which networks, on which data, trained by which recipe.

``cnnlib run NAME`` runs one over several seeds and writes its records (`cnnlib.results`).
"""

from cnnlib.experiments.plan import Experiment, Variant
from cnnlib.experiments.running import EXPERIMENTS, get, run

__all__ = ["EXPERIMENTS", "Experiment", "Variant", "get", "run"]
