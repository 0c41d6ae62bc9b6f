"""batches.meta, which goes with the pictures of the program of 2012: class names and the mean picture."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from alexnet.errors import CheckpointError
from alexnet.interchange.cudaconvnet.states import INERT
from alexnet.interchange.opening import Opened
from alexnet.pickles.reader import Pickles


@dataclass(frozen=True)
class Meta:
    """What a batches.meta says."""

    mean: Tensor | None
    """float32, RGB in 0-255, (3, S, S)."""
    names: tuple[str, ...]
    """Of the classes; none if it does not say."""


def read_meta(source: Opened) -> Meta:
    """Read a batches.meta.

    Raises:
        CheckpointError: it is damaged, hostile, or something else.
    """
    value = Pickles(source.content, source.name, inert=INERT).read()
    if not isinstance(value, dict) or not ("data_mean" in value or "label_names" in value):
        raise CheckpointError(f"{source.name} is no batches.meta: it has neither data_mean nor label_names")
    names = value.get("label_names") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CheckpointError(f"{source.name} is damaged: its label_names are no names")
    mean = value.get("data_mean")
    return Meta(None if mean is None else picture(mean, source.name), tuple(names))


def picture(mean: Any, source: str) -> Tensor:
    """Return a mean picture, kept as 3 * S * S numbers (colour, row, column), as (3, S, S)."""
    side = math.isqrt(mean.size // 3) if isinstance(mean, np.ndarray) else 0
    if not side or mean.size != 3 * side * side:
        raise CheckpointError(f"{source} is damaged: its data_mean is no square picture of three colours")
    return torch.from_numpy(np.array(mean.reshape(3, side, side), np.float32, order="C"))
