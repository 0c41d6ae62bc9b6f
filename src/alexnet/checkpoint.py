"""One file that answers a picture alone: network, weights, mean, classes, recipe, history, training state.

The file is safetensors: tensors under `network.` (weights and mean) and, in a checkpoint that training can go
on from, under `velocity.`; everything else is one JSON text in the header's metadata, with a SHA-256 over
all of it that every load checks. Nothing in it is ever executed.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from alexnet.checkpoint_metadata import check_depth, check_parts, read_metadata, shown
from alexnet.errors import CheckpointError, DamagedError, RecipeError
from alexnet.files import written_whole
from alexnet.networks.catalogue import described, from_description
from alexnet.networks.network import Network
from alexnet.networks.stage import LARGEST_SIDE, Architecture

FORMAT: Final = "alexnet checkpoint"
VERSION: Final = 1
LARGEST: Final = 16 * 2**30
"""Bytes of a file, at most; a network of ten thousand classes and its velocities take 2 of 2**30."""


@final
@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds."""

    architecture: Architecture
    """From which the network is built."""
    weights: Mapping[str, Tensor]
    """The network's state: parameters and buffers, by name, float32; on a disk also float16."""
    classes: tuple[str, ...]
    """Names of the classes, in the order of the logits."""
    words: tuple[str, ...]
    """A readable name for each class; the name itself where none is known."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """The resolved recipe as plain values; empty for weights that came from elsewhere."""
    history: tuple[Mapping[str, Any], ...] = ()
    """The journal's rows up to here."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Name and fingerprint of the data set; for converted weights, where they came from."""
    state: Mapping[str, Any] = field(default_factory=dict)
    """Where training stands, as plain values; empty where training cannot go on."""
    velocity: Mapping[str, Tensor] = field(default_factory=dict)
    """The velocities of section 5, by the names of their parameters; empty where training cannot go on."""

    @property
    def side(self) -> int:
        """Height and width of the pictures that its views are cut out of, in pixels."""
        return int(self.data.get("side", self.architecture.side))

    def network(self) -> Network:
        """Build the network with these weights, ready to answer (not in training mode).

        Raises:
            CheckpointError: the weights are not those of the architecture, or not all finite.
        """
        for name, value in self.weights.items():
            if not bool(value.isfinite().all()):
                raise CheckpointError(
                    f"{name} in the checkpoint is not finite everywhere: take an earlier one"
                )
        network = Network.empty(self.architecture)
        network.load_weights(dict(self.weights), "the checkpoint")
        return network.eval()

    def digest(self) -> str:
        """Return one SHA-256 over everything in it but times, in hexadecimal.

        Tensors count by name, dtype, shape and bytes, not by how a file lays them out; of the history and
        the state, fields whose name says seconds or time do not count.
        """
        return _digest(self._tensors(), _without_clock(self._metadata()))

    @property
    def bytes(self) -> int:
        """What its tensors take on a disk, in bytes."""
        return sum(value.nbytes for value in (*self.weights.values(), *self.velocity.values()))

    def in_half_precision(self) -> "Checkpoint":
        """Return it with weights of half precision, half as large to keep; what training would go on with is left out.

        A weight changes by at most 0.05%, or 3e-8; `load` gives float32 back. What half precision cannot hold, above
        65,504, stays in float32.
        """
        weights = {
            name: value.half() if value.dtype is torch.float32 and bool(value.abs().max() < 65_504) else value
            for name, value in self.weights.items()
        }
        return replace(self, weights=weights, velocity={}, state={})

    def _tensors(self) -> dict[str, Tensor]:
        tensors = {f"network.{name}": value for name, value in self.weights.items()}
        tensors.update({f"velocity.{name}": value for name, value in self.velocity.items()})
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}

    def _metadata(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "architecture": described(self.architecture),
            "classes": list(self.classes),
            "words": list(self.words),
            "recipe": dict(self.recipe),
            "history": [dict(row) for row in self.history],
            "data": dict(self.data),
            "state": dict(self.state),
        }


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint whole or not at all.

    Args:
        checkpoint: what to write.
        path: where; a regular file that is there is replaced, anything else is not.
    Raises:
        CheckpointError: the file cannot be written; what stood there stands.
        ValueError: a number in it, tensors aside, is not finite: JSON has no such numbers.
    """
    tensors, metadata = checkpoint._tensors(), checkpoint._metadata()
    metadata["sha256"] = _digest(tensors, metadata)
    text = json.dumps(metadata, allow_nan=False)
    try:
        with written_whole(path) as temporary:
            save_file(tensors, temporary, metadata={"alexnet": text})
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} could not be written ({_reason(error)}): it needs {_megabytes(checkpoint.bytes)}"
            f"{_free(path.parent)}" + ("; earlier checkpoints are intact" if _has_others(path) else "")
        ) from error


def load(path: Path) -> Checkpoint:
    """Read a checkpoint and prove that it is what was written.

    Raises:
        DamagedError: not a checkpoint, or not what was written.
        CheckpointError: no such file, of a newer version, with a network that is unknown here, or weights of another.
    """
    tensors, metadata = _read(path)
    stored = metadata.pop("sha256", None)
    if metadata.get("format") != FORMAT:
        raise DamagedError(
            f"{path} is a safetensors file but not a checkpoint of alexnet: see alexnet convert"
        )
    check_depth(metadata, path)
    whole, version = stored == _digest(tensors, metadata), metadata.get("version")
    if not whole and version == VERSION:
        raise DamagedError(f"{path} is damaged: its SHA-256 is not the one it was written with")
    if version != VERSION:
        kind = CheckpointError if whole else DamagedError
        raise kind(
            f"{path} has format version {shown(version)}, this alexnet reads version {VERSION}: update alexnet"
            + ("" if whole else ", or the file is damaged: its SHA-256 is not its own")
        )
    check_parts(metadata, path)
    try:
        architecture = from_description(metadata["architecture"])
        with torch.device("meta"):  # shapes alone: nothing is allocated before they are known to be right
            network = Network.empty(architecture)
    except (RecipeError, TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise CheckpointError(
            f"{path} holds a network that this alexnet cannot build: {' '.join(str(error).split())[:300]}"
        ) from error
    found = Checkpoint(
        architecture=architecture,
        weights={name: _widened(value) for name, value in _under("network.", tensors).items()},
        classes=tuple(metadata["classes"]),
        words=tuple(metadata["words"]),
        recipe=metadata["recipe"],
        history=tuple(metadata["history"]),
        data=metadata["data"],
        state=metadata["state"],
        velocity=_under("velocity.", tensors),
    )
    _check_numbers(found, network, path)
    return found


def _check_numbers(found: Checkpoint, network: Network, path: Path) -> None:
    """Check that names, pictures, weights and velocities are as many and as large as the network's."""
    classes, side = found.architecture.classes, found.data.get("side", found.architecture.side)
    if not len(found.classes) == len(found.words) == classes:
        raise DamagedError(
            f"{path} has {len(found.classes)} names and {len(found.words)} words, its network {classes} classes"
        )
    if type(side) is not int or not found.architecture.side <= side <= LARGEST_SIDE:
        raise DamagedError(
            f"{path} is for pictures of {shown(side)} pixels, and at most {LARGEST_SIDE:,} and no fewer than the "
            f"{found.architecture.side} of its network are taken"
        )
    network.check_weights(found.weights, str(path))
    own = network.state_dict()
    for name, value in [*found.weights.items(), *found.velocity.items()]:
        if name not in own or value.shape != own[name].shape:
            raise DamagedError(f"{path} holds numbers for {shown(name)} that are none of its network's")
        if value.dtype is not own[name].dtype:
            raise DamagedError(
                f"{path} holds {shown(name)} as {_type(value)}, and its network takes {_type(own[name])}"
            )
    if found.velocity and found.velocity.keys() != dict(network.named_parameters()).keys():
        raise DamagedError(f"{path} has velocities for some parameters of its network and not for others")


def _widened(value: Tensor) -> Tensor:
    """Return weights that were kept in half precision as float32."""
    return value.float() if value.dtype is torch.float16 else value


def _type(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a safetensors file's tensors and the JSON of its metadata."""
    if not os.path.isfile(path):
        there = "it is no regular file" if os.path.exists(path) else "no such file"
        raise CheckpointError(f"{path} is not a checkpoint: {there}")
    if (size := path.stat().st_size) > LARGEST:
        raise DamagedError(f"{path} is no checkpoint: {size:,} bytes, and at most {LARGEST:,} are read")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = read_metadata((file.metadata() or {}).get("alexnet", "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118  # not a dict
    except (SafetensorError, OSError, ValueError, RuntimeError, KeyError, AttributeError) as error:
        raise DamagedError(
            f"{path} is damaged or not a checkpoint: {_reason(error)}; of another program's weights "
            "alexnet convert makes one"
        ) from error


def _digest(tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"\n{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _without_clock(value: Any) -> Any:
    """Return plain values without the fields that a clock wrote."""
    if isinstance(value, Mapping):
        kept = {name: entry for name, entry in value.items() if not _clocked(str(name))}
        return {name: _without_clock(entry) for name, entry in kept.items()}
    if isinstance(value, list | tuple):
        return [_without_clock(entry) for entry in value]
    return value


def _clocked(name: str) -> bool:
    return name.endswith(("seconds", "_per_second", "time"))


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


def _free(directory: Path) -> str:
    """Say how much room there is, where the system tells."""
    try:
        return f", {_megabytes(shutil.disk_usage(directory).free)} are free"
    except OSError:
        return ""


def _has_others(path: Path) -> bool:
    """Tell whether there are whole checkpoints where one could not be written."""
    try:
        return any(
            other.suffix == path.suffix and not other.name.startswith(".") for other in path.parent.iterdir()
        )
    except OSError:
        return False


def _reason(error: Exception) -> str:
    said = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return said.splitlines()[0][:200]
