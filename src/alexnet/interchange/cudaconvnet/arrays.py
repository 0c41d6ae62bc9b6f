"""The weight matrices of the program of 2012 as tensors, and back.

    matrix                          rows                                tensor here
    conv    (C * s * s, F)          channel, row, column                (F, C, s, s)
    local   (P * C * s * s, F)      position, channel, row, column      (P, F, C * s * s)
    fc      (inputs, units)         channel, row, column                (units, inputs)
    biases of conv                  (F, 1), or (F * P, 1) unshared      (F,), or (F, P)
    biases of local                 (P * F, 1), filter first            (F, P)
    biases of fc                    (1, units)                          (units,)

C counts the channels that one filter sees, s is the filter's side, P the positions.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float32]


def _filters(array: Array, shape: tuple[int, ...]) -> Array:
    filters, channels, side, _ = shape
    return array.reshape(channels, side, side, filters).transpose(3, 0, 1, 2)


def _from_filters(tensor: Array) -> Array:
    return np.ascontiguousarray(tensor.transpose(1, 2, 3, 0).reshape(-1, len(tensor)))


def _local(array: Array, shape: tuple[int, ...]) -> Array:
    positions, filters, window = shape
    return array.reshape(positions, window, filters).transpose(0, 2, 1)


def _from_local(tensor: Array) -> Array:
    return np.ascontiguousarray(tensor.transpose(0, 2, 1).reshape(-1, tensor.shape[1]))


def _dense(array: Array, shape: tuple[int, ...]) -> Array:
    return array.reshape(shape[1], shape[0]).T


_IN: Final[Mapping[str, Callable[[Array, tuple[int, ...]], Array]]] = MappingProxyType(
    {"conv": _filters, "local": _local, "fc": _dense}
)
_OUT: Final[Mapping[str, Callable[[Array], Array]]] = MappingProxyType(
    {"conv": _from_filters, "local": _from_local, "fc": lambda tensor: tensor.T}  # columns first
)


def weight(kind: str, array: NDArray[Any], shape: tuple[int, ...]) -> Tensor | None:
    """Return a matrix as a weight of this shape; None where it has another size.

    Args:
        kind: of the layer: conv, local or fc.
        array: the program's matrix.
        shape: of the tensor.
    """
    if array.size != math.prod(shape):
        return None
    return torch.from_numpy(np.array(_IN[kind](array, shape), np.float32, order="C"))


def bias(array: NDArray[Any], shape: tuple[int, ...]) -> Tensor | None:
    """Return the program's biases as a tensor of this shape; None where they are of another number."""
    if array.size != math.prod(shape):
        return None
    return torch.from_numpy(np.array(array.reshape(shape), np.float32, order="C"))


def matrix(kind: str, tensor: Tensor) -> Array:
    """Return a weight as the program's matrix; that of fc in its order, columns first."""
    return _OUT[kind](tensor.detach().cpu().to(torch.float32).numpy())


def biases(kind: str, tensor: Tensor) -> Array:
    """Return biases as the program's vector: a column, but for fc a row."""
    values: Array = tensor.detach().cpu().to(torch.float32).numpy()
    return values.reshape(1, -1) if kind == "fc" else values.reshape(-1, 1)
