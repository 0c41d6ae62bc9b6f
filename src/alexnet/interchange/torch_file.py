"""Files of torch.save, in both of its layouts, read without running what they say.

This reads less than `torch.load(weights_only=True)`: tensors whose values are all in the file, in dictionaries,
lists and plain values. A view that repeats one value into gigabytes is refused, and so is damage that the zip
layout's checksums show.
"""

import math
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import torch
from torch import Tensor

from alexnet.errors import CheckpointError
from alexnet.interchange.opening import Opened, unzipped, zipped
from alexnet.pickles.names import NAMES, Named
from alexnet.pickles.reader import Pickles

MAGIC: Final = 0x1950A86A20F9469CFC6C  # the first value of the older layout
_LONGEST: Final = 64 * 2**20  # bytes of the pickle of a zip file; tensors are not in it


@dataclass(frozen=True)
class StorageType(Named):
    """A type of numbers, as a file names it."""

    dtype: torch.dtype


@dataclass(frozen=True)
class Storage:
    """A run of numbers in the file."""

    key: str
    dtype: torch.dtype
    count: int


@dataclass(frozen=True)
class Stored:
    """A tensor in the file: where it lies, and its shape."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def values(self, numbers: Tensor) -> Tensor:
        """Return the tensor, given the numbers of its storage."""
        return torch.as_strided(numbers, self.shape, self.stride, self.offset).contiguous()


def is_legacy(source: Opened) -> bool:
    """Tell whether a file begins with the number that begins the older layout."""
    return bytes(source.content[:14]) == b"\x80\x02\x8a\x0a" + MAGIC.to_bytes(10, "little")


def is_torch_zip(archive: zipfile.ZipFile) -> bool:
    """Tell whether a zip file is one of torch.save."""
    return any(name.endswith("/data.pkl") and name.count("/") == 1 for name in archive.namelist())


def read_zip(source: Opened, wanted: Callable[[Any], Mapping[str, Stored]]) -> dict[str, Tensor]:
    """Read tensors from the layout that torch.save has written since 2020.

    Args:
        source: the file.
        wanted: chooses the tensors, by name, from what the file holds.
    Raises:
        CheckpointError: the file is damaged, or holds what a file of weights does not need.
    """
    with zipped(source) as archive:
        members = {member.filename: member for member in archive.infolist()}
        root = next(name for name in members if name.endswith("/data.pkl") and name.count("/") == 1)[
            : -len("data.pkl")
        ]
        order = members.get(f"{root}byteorder")
        if order is not None and unzipped(archive, order, source) != b"little":
            raise CheckpointError(
                f"{source.name} was written on a big-endian machine: save it again on another"
            )
        if members[f"{root}data.pkl"].file_size > _LONGEST:
            raise CheckpointError(
                f"{source.name} is not read: its table of tensors is longer than {_LONGEST:,} bytes"
            )
        table = Pickles(
            unzipped(archive, members[f"{root}data.pkl"], source),
            source.name,
            names=_NAMES,
            persistent=_storage,
        )
        chosen = wanted(table.read())
        storages: dict[Storage, Tensor] = {}
        for stored in chosen.values():
            if stored.storage not in storages:
                member = members.get(f"{root}data/{stored.storage.key}")
                storages[stored.storage] = _numbers(archive, member, stored.storage, source)
    return {name: stored.values(storages[stored.storage]) for name, stored in chosen.items()}


def _numbers(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo | None, storage: Storage, source: Opened
) -> Tensor:
    size = storage.count * storage.dtype.itemsize
    there = member.file_size if member else 0
    if member is None or there != size:
        raise CheckpointError(
            f"{source.name} is damaged: it promises {size:,} bytes for a tensor and holds {there:,}"
        )
    return _tensor_of(unzipped(archive, member, source), storage)


def read_legacy(source: Opened, wanted: Callable[[Any], Mapping[str, Stored]]) -> dict[str, Tensor]:
    """Read tensors from the layout that torch.save wrote until 2020: pickles, then runs of numbers.

    Raises:
        CheckpointError: the file is damaged, or holds what a file of weights does not need.
    """
    seen: dict[str, Storage] = {}

    def storage(identity: object) -> Storage:
        found = _storage(identity)
        return seen.setdefault(found.key, found)

    pickles = Pickles(source.content, source.name, names=_NAMES, persistent=storage)
    magic, version, system = pickles.read(), pickles.read(), pickles.read()
    if magic != MAGIC or version != 1001:
        raise CheckpointError(
            f"{source.name} is not a file of torch.save that is known: its version is not 1001"
        )
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise CheckpointError(f"{source.name} was written on a big-endian machine: save it again on another")
    chosen = wanted(pickles.read())
    needed = {stored.storage for stored in chosen.values()}
    keys = pickles.read()
    numbers: dict[Storage, Tensor] = {}
    position = pickles.content.position
    for key in keys if isinstance(keys, list) else ():
        if not isinstance(key, str) or key not in seen or position + 8 > len(source.content):
            break
        (count,) = struct.unpack("<q", source.content[position : position + 8])
        end = position + 8 + count * seen[key].dtype.itemsize
        if count != seen[key].count or end > len(source.content):
            break
        if seen[key] in needed:
            numbers[seen[key]] = _tensor_of(source.content[position + 8 : end], seen[key])
        position = end
    for name, stored in chosen.items():
        if stored.storage not in numbers:
            raise CheckpointError(
                f"{source.name} is cut off or damaged: the values of {name[:60]!r} are not in it"
            )
    return {name: stored.values(numbers[stored.storage]) for name, stored in chosen.items()}


def state_dict(value: Any, source: str) -> dict[str, Stored]:
    """Find the tensors by name in what a file holds: a state dict, or a dictionary with one in it.

    Names lose the "module." that data-parallel training puts into them.

    Raises:
        CheckpointError: there is none.
    """
    if isinstance(value, dict):
        for key in ("state_dict", "model_state_dict", "model"):
            if isinstance(value.get(key), dict):
                value = value[key]
                break
        if value and all(isinstance(name, str) and isinstance(part, Stored) for name, part in value.items()):
            _check_total(value, source)
            return {name.replace("module.", ""): part for name, part in value.items()}
    raise CheckpointError(f"{source} holds no state dict: save the network's state_dict() and nothing else")


def _check_total(tensors: Mapping[str, Stored], source: str) -> None:
    """Refuse tensors that show the same numbers again and again, which would take more memory than the file."""
    shown = sum(math.prod(stored.shape) for stored in tensors.values())
    held = sum(storage.count for storage in {stored.storage for stored in tensors.values()})
    if shown > held:
        raise CheckpointError(
            f"{source} is not read: its tensors show {shown:,} numbers, and it holds {held:,}"
        )


def _tensor_of(content: bytes, storage: Storage) -> Tensor:
    if not storage.count:
        return torch.empty(0, dtype=storage.dtype)
    return torch.frombuffer(bytearray(content), dtype=storage.dtype)


def _storage(identity: object) -> Storage:
    if not isinstance(identity, tuple) or len(identity) not in (5, 6) or identity[0] != "storage":
        raise ValueError
    _, kind, key, _, count = identity[:5]
    if len(identity) == 6 and identity[5] is not None:
        raise ValueError  # a view of another storage, of which state dicts have none
    if not isinstance(kind, StorageType) or not isinstance(key, str) or type(count) is not int or count < 0:
        raise ValueError
    return Storage(key, kind.dtype, count)


def _tensor(storage: object, offset: object, shape: object, stride: object, *_: object) -> Stored:
    if not isinstance(storage, Storage) or not isinstance(shape, tuple) or not isinstance(stride, tuple):
        raise ValueError
    if len(shape) != len(stride) or len(shape) > 8 or type(offset) is not int:
        raise ValueError
    if any(type(number) is not int or number < 0 for number in (offset, *shape, *stride)):
        raise ValueError
    last = offset + sum((side - 1) * step for side, step in zip(shape, stride, strict=True))
    if math.prod(shape) > storage.count or (math.prod(shape) and last >= storage.count):
        raise ValueError  # more values than the storage has
    return Stored(storage, offset, shape, stride)


def _refused(*_: object) -> object:
    raise ValueError


_TYPES: Final = {
    "Double": torch.float64,
    "Float": torch.float32,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Bool": torch.bool,
}
_NAMES: Final[Mapping[tuple[str, str], Named]] = MappingProxyType(
    {
        ("collections", "OrderedDict"): NAMES["collections", "OrderedDict"],
        ("torch._utils", "_rebuild_tensor_v2"): Named(_tensor),
        ("torch._utils", "_rebuild_parameter"): Named(lambda tensor, *_: tensor),
        **{("torch", f"{name}Storage"): StorageType(_refused, dtype) for name, dtype in _TYPES.items()},
    }
)
