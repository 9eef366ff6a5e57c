"""Look inside any `nn.Module`: its layers as a table, its feature maps on one picture, its gradients layer by layer."""

from cnnlib.inspect.gradients import gradient_norms
from cnnlib.inspect.longest_way import depth
from cnnlib.inspect.maps import feature_maps
from cnnlib.inspect.table import LayerTable, Row, layer_table

__all__ = ["LayerTable", "Row", "depth", "feature_maps", "gradient_norms", "layer_table"]
