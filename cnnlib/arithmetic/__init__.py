"""Output sizes, receptive fields, parameters, multiply-adds, and the time of shared training steps: without torch."""

from cnnlib.arithmetic.costs import conv_macs, conv_parameters, linear_macs, linear_parameters
from cnnlib.arithmetic.fields import Field, Window, receptive_field
from cnnlib.arithmetic.parallel import ring_seconds, step_seconds
from cnnlib.arithmetic.sizes import conv_output_size, conv_transpose_output_size, pool_output_size, same_padding

__all__ = [
    "Field",
    "Window",
    "conv_macs",
    "conv_output_size",
    "conv_parameters",
    "conv_transpose_output_size",
    "linear_macs",
    "linear_parameters",
    "pool_output_size",
    "receptive_field",
    "ring_seconds",
    "same_padding",
    "step_seconds",
]
