"""A run directory, or a checkpoint file, as the classifier that it has become."""

import os
from pathlib import Path

import torch

from alexnet import checkpoint
from alexnet.device import choose_device
from alexnet.inference.classifier import Classifier
from alexnet.runs.checkpoints import best_checkpoint


def load(run: str | Path, *, device: str | torch.device = "cpu") -> Classifier:
    """Load what a run, or a checkpoint file, has learned.

    Args:
        run: a run directory, whose best network is taken, or else its last; or a checkpoint file.
        device: where it answers: cpu, cuda, cuda:1, or auto, which is a CUDA device where there is one.
    Returns:
        the classifier: its network, in evaluation mode, its classes, and the preparation of its pictures.
    Raises:
        CheckpointError: there is none, or it is damaged.
        RecipeError: there is no such device.
    """
    path, where = Path(run), choose_device(device)
    if os.path.isdir(path):  # no error of a name that is too long
        path = best_checkpoint(path)
    return Classifier(checkpoint.load(path), str(run), device=where)
