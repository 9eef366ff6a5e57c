"""Look inside any `nn.Module`: its layers as a table, and its feature maps on one picture."""

from cnnlib.inspect.maps import feature_maps
from cnnlib.inspect.table import LayerTable, Row, layer_table

__all__ = ["LayerTable", "Row", "feature_maps", "layer_table"]
