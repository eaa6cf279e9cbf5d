"""Small networks that the lectures train, and a table of what a network consists of. One network, one file."""

from cvcourse.models.mlp import MLP
from cvcourse.models.summary import count_parameters, layer_table

__all__ = ["MLP", "count_parameters", "layer_table"]
