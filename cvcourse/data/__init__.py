"""Data sets for the lectures and exercises: ordinary `torch.utils.data.Dataset` objects, one function for each kind.

Each kind has a real set and an embedded one that needs no network. `locate.py` says where a real set is looked for.
"""

from cvcourse.data.digits import Digits, digits
from cvcourse.data.photographs import Photographs, photographs

__all__ = ["Digits", "Photographs", "digits", "photographs"]
