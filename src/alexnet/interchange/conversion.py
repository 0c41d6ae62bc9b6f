"""A file of another program to a checkpoint, and a checkpoint to a file of another program."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.data.imagenet_classes import ORDERS
from alexnet.errors import CheckpointError, ExportError, choices
from alexnet.files import written_whole
from alexnet.interchange import caffe, own, safetensors_file, torch_file, torchvision
from alexnet.interchange.classes import THOUSAND, Classes, supposed
from alexnet.interchange.cudaconvnet.reading import from_state
from alexnet.interchange.cudaconvnet.states import is_state, newest
from alexnet.interchange.cudaconvnet.writing import write_state
from alexnet.interchange.imported import ImportedWeights, check_finite, to_checkpoint
from alexnet.interchange.means import read_mean
from alexnet.interchange.opening import Opened, opened, zipped
from alexnet.networks.fields import shown
from alexnet.runs.checkpoints import best_checkpoint

FORMATS: Final = {
    "checkpoint": "a checkpoint of alexnet, which answers a picture alone",
    "half": "a checkpoint in half precision, half as large, which training cannot go on from",
    "torchvision": "a state dict of torchvision's alexnet",
    "original": "a checkpoint of the program of 2012",
}
SUFFIXES: Final = {".safetensors": "checkpoint", ".pth": "torchvision", ".pt": "torchvision"}
_NOT_WRITTEN: Final = (
    ".onnx",
    ".pte",
    ".pt2",
    ".caffemodel",
    ".prototxt",
    ".h5",
    ".npz",
    ".npy",
    ".bin",
    ".json",
)


def convert(
    source: str | Path,
    destination: str | Path,
    *,
    to: str | None = None,
    network: str | None = None,
    classes: Classes | str | None = None,
    mean: str | None = None,
) -> Checkpoint:
    """Convert weights from one file to another, as `alexnet convert` does.

    Args:
        source, network, classes, mean: as `read` takes them.
        destination: the file to write, over one that is there.
        to: a format of `FORMATS`; left out, the one that the name of the file asks for.
    Returns:
        what was written, as a checkpoint.
    Raises:
        CheckpointError: the source is damaged, hostile, of no known kind, or not an AlexNet; or the destination
            cannot be written, or is no regular file.
        ExportError: the format does not exist, or cannot hold this network.
        ValueError: an argument of another type.
    """
    for name, given in (("source", source), ("destination", destination)):
        if not isinstance(given, str | Path):
            raise ValueError(f"{name}={given!r} does not fit: the path of a file is taken")
    found = read(Path(source), network=network, classes=classes, mean=mean)
    write(found, Path(destination), to or format_of(Path(destination)))
    return found


def read(
    path: Path, *, network: str | None = None, classes: Classes | str | None = None, mean: str | None = None
) -> Checkpoint:
    """Read the weights of any program that is known; what the file is shows from its content.

    Args:
        path: a .pth or .safetensors file of torchvision's alexnet (or with this package's own names), a
            .caffemodel, a checkpoint of the program of 2012, or a checkpoint or run of this package.
        network: a name of the catalogue, where the file does not say: "caffe" or "caffenet" for a .caffemodel,
            any for a state dict of this package's own names.
        classes: what the logits stand for, or "sorted" or "devkit" for an order of ImageNet's thousand;
            left out, what the file says or its format is known for.
        mean: what to subtract, as `read_mean` takes it; left out, what the file says or its format is known
            for.
    Returns:
        a checkpoint; its `data` says where the weights came from and what differs.
    Raises:
        CheckpointError: the file is damaged, hostile, of no known kind, or not an AlexNet; or holds numbers that
            are not finite.
        ValueError: an argument of another type.
    """
    _check_arguments(network, classes, mean)
    if os.path.isdir(path):  # no error of a name that is too long
        path = newest(path) or best_checkpoint(path)
    with opened(path) as source:
        if safetensors_file.is_safetensors(source):
            if safetensors_file.is_checkpoint(source):
                kept = checkpoint.load(path)
                check_finite(kept.weights, source.name)
                check_finite({f"the velocity of {name}": v for name, v in kept.velocity.items()}, source.name)
                _check_network(source.name, network, kept.architecture.kind)
                return _changed(kept, classes, mean, source.name)
            found = _named(safetensors_file.read(source), source.name, network)
        else:
            found = _imported(source, network)
    side = found.architecture.side
    picture = found.mean if mean is None else read_mean(mean, side)
    if isinstance(classes, str):
        classes = _ordered(found.architecture.classes, classes, str(path))
    elif classes is None:
        classes = found.classes or supposed(found.architecture.classes, found.order)
    return to_checkpoint(found, str(path), classes, picture)


def is_foreign(path: Path) -> bool:
    """Tell whether a file is of another program, by its first bytes; not where it cannot be read or is damaged.

    Args:
        path: of a file.
    """
    try:
        with opened(path) as source:
            if safetensors_file.is_safetensors(source):
                return not safetensors_file.is_checkpoint(source)
            start = bytes(source.content[:2])
            known = start == b"PK" or is_state(start)
            return known or torch_file.is_legacy(source) or caffe.is_caffemodel(source)
    except CheckpointError:
        return False


def _check_arguments(network: object, classes: object, mean: object) -> None:
    """Check what a person may give in Python."""
    if not isinstance(network, str | None):
        raise ValueError(f"network={shown(network)} does not fit: a name of the catalogue is taken")
    if not isinstance(classes, Classes | str | None) or (isinstance(classes, str) and classes not in ORDERS):
        raise ValueError(
            f"classes={shown(classes)} does not fit: {' or '.join(ORDERS)}, or read_classes(path), is taken"
        )
    if not isinstance(mean, str | None):
        raise ValueError(f"mean={shown(mean)} does not fit: a text is taken, 'R,G,B' or the path of a file")


def _ordered(count: int, order: str, source: str) -> Classes:
    """Return ImageNet's thousand classes in the order asked for."""
    if count != THOUSAND:
        raise CheckpointError(
            f"{source} tells {count} classes apart: an order is that of ImageNet's {THOUSAND:,}; "
            "name them, --classes FILE"
        )
    return supposed(count, order)


def _check_network(source: str, network: str | None, kind: str) -> None:
    """Refuse another network than the one that a file says it holds."""
    if network not in (None, kind):
        raise CheckpointError(f"{source} says itself that it is {kind}, not {network}: leave --network out")


def _changed(found: Checkpoint, classes: Classes | str | None, mean: str | None, source: str) -> Checkpoint:
    """Give a checkpoint of this package other classes or another mean, where asked to."""
    if classes is None and mean is None:
        return found
    architecture = found.architecture
    if isinstance(classes, str):
        classes = _ordered(architecture.classes, classes, source)
    weights = {name: value for name, value in found.weights.items() if name != "mean"}
    picture = found.weights["mean"] if mean is None else read_mean(mean, architecture.side)
    kept = classes or Classes(found.classes, found.words, str(found.data.get("class order", "as listed")))
    changed = to_checkpoint(
        ImportedWeights("alexnet", architecture, weights, "sorted"), source, kept, picture
    )
    data = {**found.data, "class order": kept.order}
    return replace(found, weights=changed.weights, classes=changed.classes, words=changed.words, data=data)


def _imported(source: Opened, network: str | None) -> ImportedWeights:
    """Read a file that is not safetensors: of which program it is shows from its first bytes."""
    start = bytes(source.content[:2])
    if start == b"PK":
        with zipped(source) as archive:
            is_torch = torch_file.is_torch_zip(archive)
        if is_torch:
            tensors = torch_file.read_zip(source, lambda value: torch_file.state_dict(value, source.name))
            return _named(tensors, source.name, network)
    if torch_file.is_legacy(source):
        tensors = torch_file.read_legacy(source, lambda value: torch_file.state_dict(value, source.name))
        return _named(tensors, source.name, network)
    if is_state(start):
        found = from_state(source)
        _check_network(source.name, network, found.architecture.kind)
        return found
    if caffe.is_caffemodel(source):
        return caffe.from_caffemodel(source, network)
    raise CheckpointError(
        f"{source.name} is no file of weights that is known: .pth or .safetensors of torchvision, .caffemodel, "
        "checkpoint of the program of 2012"
    )


def _named(tensors: dict[str, Tensor], source: str, network: str | None) -> ImportedWeights:
    """Take a state dict by the names in it."""
    if own.is_own(tensors):
        return own.from_own(tensors, source, network)
    if torchvision.is_torchvision(tensors):
        _check_network(source, network, "torchvision")
        return torchvision.from_state_dict(tensors, source)
    names = ", ".join(name[:40] for name in list(tensors)[:3])
    raise CheckpointError(f"{source} holds the weights of another network than an AlexNet: {names} ...")


def format_of(path: Path) -> str:
    """Return the format of `FORMATS` that a file's name asks for; ExportError for an ending of another one."""
    if path.suffix in _NOT_WRITTEN:
        raise ExportError(
            f"{path} has the ending of a format that is not written: .safetensors a checkpoint, .pth torchvision's, "
            "none the original program's; or say it, --to"
        )
    return SUFFIXES.get(path.suffix, "original")


def write(found: Checkpoint, path: Path, form: str) -> str:
    """Write a checkpoint in a format of `FORMATS`.

    Returns:
        one line: what a user of the file should know.
    Raises:
        ExportError: the format does not exist, or cannot hold this network.
        CheckpointError: the file cannot be written; what stood there stands.
    """
    if form in ("checkpoint", "half"):
        checkpoint.save(found.in_half_precision() if form == "half" else found, path)
        return "alexnet predict, evaluate and train take it"
    if not isinstance(form, str) or form not in FORMATS:
        raise ExportError(f"`{shown(form)}` is not a format to write; {choices(str(form), FORMATS)}")
    try:
        if form == "original":
            write_state(found, path)
            return "the original program's loaders of weights read it"
        return _write_torchvision(found, path)
    except (
        OSError,
        RuntimeError,
        SafetensorError,
    ) as error:  # torch's and safetensors' writers have their own
        said = error.strerror if isinstance(error, OSError) else str(error).partition("\n")[0]
        raise CheckpointError(f"{path} could not be written: {said}") from error


def _write_torchvision(found: Checkpoint, path: Path) -> str:
    tensors, mean, deviation = torchvision.to_state_dict(found)
    with written_whole(path) as temporary:
        if path.suffix == ".safetensors":
            said = {"mean": mean, "deviation": deviation, "classes": found.classes, "words": found.words}
            save_file(tensors, temporary, {name: json.dumps(value) for name, value in said.items()})
        else:
            torch.save(tensors, temporary)
    return f"torchvision's Normalize(mean={list(mean)}, std={list(deviation)}) goes before it"
