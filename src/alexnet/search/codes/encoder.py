"""From vectors to binary codes: layers with rectification between them, and a bit for each number above zero.

Shapes: n vectors, D values of a vector, B bits of a code, W words of 64 bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, final

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from alexnet import files
from alexnet.search.storage.header import damaged

WORD: Final = 64
"""Bits of a word."""
MOST_BITS: Final = 4096
_ROWS: Final = 4096  # that are encoded at a time


@final
@dataclass(frozen=True)
class Encoder:
    """What makes a code of a vector; where its layers come from, it does not matter."""

    weights: tuple[Tensor, ...]
    """float32, (U, I) for each layer: the first reads D values, the last gives B numbers."""
    biases: tuple[Tensor, ...]
    """float32, (U,) for each layer."""

    @property
    def dimension(self) -> int:
        """D."""
        return int(self.weights[0].shape[1])

    @property
    def bits(self) -> int:
        """B."""
        return len(self.weights[-1])

    @property
    def words(self) -> int:
        """W: bits beyond B are 0 in every code."""
        return -(-self.bits // WORD)

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """Return the codes of vectors: uint64, (n, W); bit b of a code is bit b % 64 of its word b // 64.

        Args:
            vectors: float32 or float16, (n, D).
        """
        layers = [(w.double(), b.double()) for w, b in zip(self.weights, self.biases, strict=True)]
        packed = np.zeros((len(vectors), self.words * 8), np.uint8)
        for start in range(0, len(vectors), _ROWS):
            # in float64, so that no order of adding, which depends on how many go at once, decides about a bit
            values = torch.from_numpy(np.ascontiguousarray(vectors[start : start + _ROWS])).double()
            for number, (weight, bias) in enumerate(layers):
                values = F.linear(values if number == 0 else values.relu_(), weight, bias)
            bits = np.packbits((values > 0).numpy(), axis=1, bitorder="little")
            packed[start : start + _ROWS, : bits.shape[1]] = bits
        return packed.view("<u8").astype(np.uint64, copy=False)

    def save(self, path: Path) -> None:
        """Write the layers as safetensors."""
        named = _named("weight", self.weights) | _named("bias", self.biases)
        with files.written_whole(path) as temporary:
            save_file(named, temporary)


def load_encoder(path: Path, dimension: int) -> Encoder:
    """Read an encoder, as `Encoder.save` wrote it.

    Args:
        path: of the file.
        dimension: of the vectors that it has to read.
    Raises:
        SearchError: it is something else.
    """
    try:
        tensors = load_file(path)
        count = len(tensors) // 2
        weights = tuple(tensors.pop(f"weight{number}") for number in range(count))
        biases = tuple(tensors.pop(f"bias{number}") for number in range(count))
    except (OSError, SafetensorError, KeyError) as error:
        raise damaged(path, f"it holds no encoder: {error}") from None
    sizes = [dimension, *(len(bias) for bias in biases)]
    expected = [(out, width) for width, out in pairwise(sizes)]
    if (
        tensors
        or not weights
        or [tuple(w.shape) for w in weights] != expected
        or any(tensor.dtype != torch.float32 for tensor in (*weights, *biases))
        or any(bias.dim() != 1 or not len(bias) for bias in biases)
        or sizes[-1] > MOST_BITS
    ):
        raise damaged(path, "its layers do not fit each other, or these vectors")
    return Encoder(weights, biases)


def _named(name: str, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
    return {f"{name}{number}": tensor.contiguous() for number, tensor in enumerate(tensors)}
