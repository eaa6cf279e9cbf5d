"""Tensors and numpy arrays as a description and raw bytes, and back. Layout is kept; memory is never shared."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cvcourse.grading.proxies.errors import WireError
from cvcourse.grading.proxies.frames import MAX_BYTES

_NAMES = [
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "complex64",
    "complex128",
]
DTYPES = {name: getattr(torch, name) for name in _NAMES}
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}
MAX_ELEMENTS = 1 << 28  # an expanded tensor of any size would otherwise be a few bytes here and fill the memory there
MAX_DIMENSIONS = 64
NUMPY_KINDS = "biufc?SU"


def describe_tensor(tensor: Tensor) -> tuple[list[Any], memoryview | None]:
    """([dtype, shape, stride, storage offset], bytes from its first to its last element); None for bytes on meta.

    Gaps between its elements are sent as zeros: what lies there belongs to other tensors.
    """
    if tensor.layout is not torch.strided or tensor.dtype not in DTYPE_NAMES:
        raise WireError(f"a tensor of {tensor.dtype} with layout {tensor.layout}: give a dense tensor of a usual dtype")
    if torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        raise WireError("a tensor within a transform of torch.func or torch.vmap: use torch.autograd.grad or a loop")
    plain = tensor.detach().resolve_conj().resolve_neg()
    if plain.device.type not in ("cpu", "meta"):
        raise WireError(f"a tensor on {plain.device}: move it to the CPU")
    if plain.numel() > MAX_ELEMENTS or plain.dim() > MAX_DIMENSIONS:
        raise WireError(f"a tensor of shape {tuple(plain.shape)} is too large")
    description = [DTYPE_NAMES[plain.dtype], list(plain.shape), list(plain.stride()), plain.storage_offset()]
    if plain.device.type == "meta":
        return description, None
    return description, _bytes_of(plain)


def _bytes_of(plain: Tensor) -> memoryview:
    if not plain.numel():
        return memoryview(b"")
    if not plain.is_contiguous():
        spread = torch.zeros(_extent(plain.shape, plain.stride()), dtype=plain.dtype)
        if spread.nbytes > MAX_BYTES:
            raise WireError(f"a tensor with strides {plain.stride()} is too large")
        for axis, stride in enumerate(plain.stride()):
            plain = plain.narrow(axis, 0, 1) if stride == 0 else plain
        spread.as_strided(plain.shape, plain.stride()).copy_(plain)
        plain = spread
    return memoryview(plain.as_strided((plain.numel(),), (1,)).view(torch.uint8).numpy())


def _extent(shape: Any, stride: Any) -> int:
    """Elements from the first to the last one in memory."""
    return 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True)) if 0 not in shape else 0


def make_tensor(description: Any, data: memoryview | bytearray | None) -> Tensor:
    """The tensor of `describe_tensor`, without gradient. Raises `WireError` for a description that is none."""
    name, shape, stride, offset = description
    numbers = [*shape, *stride, offset]
    if name not in DTYPES or len(shape) != len(stride) or len(shape) > MAX_DIMENSIONS:
        raise WireError("no tensor")
    if any(type(number) is not int or not 0 <= number < 1 << 62 for number in numbers):
        raise WireError("no tensor: sizes and strides are ints from 0 on")
    dtype, extent = DTYPES[name], _extent(shape, stride)
    if math.prod(shape) > MAX_ELEMENTS:
        raise WireError(f"a tensor of shape {tuple(shape)} is too large")
    if data is None:
        return torch.empty_strided(shape, stride, dtype=dtype, device="meta")
    if len(data) != extent * dtype.itemsize or (offset + extent) * dtype.itemsize > MAX_BYTES:
        raise WireError("no tensor: its bytes do not fit its sizes and strides")
    if extent and not offset and dtype is not torch.bool:
        whole = torch.frombuffer(data, dtype=dtype).clone()
        return torch.empty(0, dtype=dtype).set_(whole.untyped_storage(), 0, shape, stride)
    storage = torch.zeros(offset + extent, dtype=dtype)
    if extent:
        # A bool of another byte than 0 and 1 would be neither true nor false.
        read = torch.frombuffer(data, dtype=torch.uint8 if dtype is torch.bool else dtype)
        storage[offset:] = read != 0 if dtype is torch.bool else read
    return torch.empty(0, dtype=dtype).set_(storage.untyped_storage(), offset, shape, stride)


def describe_array(array: np.ndarray | np.generic) -> tuple[list[Any], bytes]:
    """([dtype, shape, "C" or "F"], bytes)."""
    if array.dtype.kind not in NUMPY_KINDS or array.dtype.hasobject:
        raise WireError(f"a numpy array of {array.dtype}: give numbers, bools or strings")
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    return [array.dtype.str, list(array.shape), order], array.tobytes(order=order)


def make_array(description: Any, data: memoryview | bytearray) -> np.ndarray:
    """The array of `describe_array`. Raises `WireError` for a description that is none."""
    dtype, shape, order = _numpy_dtype(description[0]), description[1], description[2]
    if any(type(size) is not int or size < 0 for size in shape) or order not in ("C", "F") or len(shape) > 32:
        raise WireError("no array")
    if not dtype.itemsize or math.prod(shape) * dtype.itemsize != len(data):
        raise WireError("no array: its bytes do not fit its shape")
    made = np.empty(shape, dtype, order=order)  # of its own memory, so that a function may resize it
    read = np.frombuffer(data, np.uint8) != 0 if dtype.kind == "b" else np.frombuffer(data, dtype)
    made[...] = read.reshape(shape, order=order)
    return made


def _numpy_dtype(text: Any) -> np.dtype:
    if type(text) is not str or len(text) > 12:
        raise WireError("no numpy dtype")
    try:
        dtype = np.dtype(text)
    except TypeError:
        raise WireError("no numpy dtype") from None
    if dtype.kind not in NUMPY_KINDS or dtype.hasobject:
        raise WireError("a numpy dtype of objects")
    return dtype
