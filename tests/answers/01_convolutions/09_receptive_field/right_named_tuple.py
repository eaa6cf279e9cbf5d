"""A reduction whose result is a named tuple."""

from functools import reduce
from typing import NamedTuple


class Field(NamedTuple):
    field: int
    jump: int

    def through(self, layer):
        k, s, d = layer
        return Field(self.field + d * (k - 1) * self.jump, self.jump * s)


class LayersError(ValueError):
    pass


def receptive_field(layers):
    for layer in layers:
        if len(layer) != 3 or any(number < 1 for number in layer):
            raise LayersError("bad layers")
    return reduce(Field.through, layers, Field(1, 1))
