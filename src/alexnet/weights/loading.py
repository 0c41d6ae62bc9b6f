"""The one way from what a person names to what was learned: a run, a checkpoint, another program's file, a name."""

import os
from pathlib import Path

import torch

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.device import choose_device
from alexnet.errors import CheckpointError, choices
from alexnet.inference.classifier import Classifier
from alexnet.interchange import conversion
from alexnet.runs.checkpoints import best_checkpoint
from alexnet.weights.adopting import checkpoint_of
from alexnet.weights.hub import checkpoint_of_hub, is_hub_name
from alexnet.weights.shipped import known


def load(run: str | Path, *, device: str | torch.device = "cpu") -> Classifier:
    """Load what a run, a checkpoint file or published weights have learned.

    Args:
        run: as `load_checkpoint` takes it: a path, or a name such as "torchvision".
        device: where it answers: cpu, cuda, cuda:1, or auto, which is a CUDA device where there is one.
    Returns:
        the classifier: its network, in evaluation mode, its classes, and the preparation of its pictures.
    Raises:
        AbsentWeightsError: published weights that are not on this machine: nothing is fetched unless asked for.
        CheckpointError: there is no such run, file or name, or it is damaged.
        RecipeError: there is no such device.
    """
    where = choose_device(device)
    return Classifier(load_checkpoint(run), str(run), device=where)


def load_checkpoint(run: str | Path) -> Checkpoint:
    """Read what a person names. A path that exists wins over a name.

    Args:
        run: a run directory, whose best network is taken, or else its last; a folder that `alexnet.save_pretrained`
            wrote; a checkpoint file; a file of another program, as `alexnet convert` takes it; the name of published
            weights, see `alexnet weights`; or hf:owner/name, a network of the Hub that has been fetched.
    Raises:
        AbsentWeightsError: published weights, or a network of the Hub, that are not on this machine.
        CheckpointError: there is no such run, file or name, or it is damaged.
    """
    path = Path(run)
    if os.path.isdir(path):  # no error of a name that is too long
        path = best_checkpoint(path)
    if os.path.exists(path):
        return conversion.read(path) if conversion.is_foreign(path) else checkpoint.load(path)
    if is_hub_name(os.fspath(run)):
        return checkpoint_of_hub(os.fspath(run))
    weights = known()
    if (name := os.fspath(run)) in weights:
        return checkpoint_of(weights[name])
    if path.name != name or path.suffix:
        return checkpoint.load(path)  # which says that there is no such file
    raise CheckpointError(
        f"`{name}` is no run, no checkpoint and no published weights: no such file; {choices(name, weights)}"
    )
