"""Safetensors files: the tensors of a state dict, and what the metadata says."""

import json
import struct
from typing import Final

from safetensors import SafetensorError, safe_open
from torch import Tensor

from alexnet.errors import CheckpointError
from alexnet.interchange.opening import Opened

_LONGEST: Final = 100_000_000  # bytes of a header, as the format has it


def is_safetensors(source: Opened) -> bool:
    """Tell whether a file begins like one: the length of a header, and the header's first brace."""
    return len(source.content) > 9 and source.content[8:9] == b"{"


def is_checkpoint(source: Opened) -> bool:
    """Tell whether it is a checkpoint of this package."""
    _check_length(source)
    try:
        with safe_open(source.name, framework="pt") as file:
            return "alexnet" in (file.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(source, error) from error


def read(source: Opened) -> dict[str, Tensor]:
    """Return all tensors of a file, by name.

    Raises:
        CheckpointError: it is damaged or cut off.
    """
    _check_length(source)
    try:
        with safe_open(source.name, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dict
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise _damaged(source, error) from error


def _check_length(source: Opened) -> None:
    """Say of a file that was not downloaded whole how much of it is there."""
    (length,) = struct.unpack("<Q", source.content[:8])
    there = len(source.content)
    promised = 8 + length
    if promised <= min(there, _LONGEST):
        try:
            entries = json.loads(source.content[8:promised])
            promised += max(
                (entry["data_offsets"][1] for name, entry in entries.items() if name != "__metadata__")
            )
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            return  # the library says what is wrong with the header
    if promised > there:
        raise CheckpointError(
            f"{source.name} is cut off or damaged: it promises {promised:,} bytes, and there are {there:,}"
        )


def _damaged(source: Opened, error: Exception) -> CheckpointError:
    return CheckpointError(f"{source.name} is a damaged safetensors file: {str(error).splitlines()[0]}")
