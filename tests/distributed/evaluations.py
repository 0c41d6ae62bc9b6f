"""Classifiers for tests, made from a seed in no time; and an evaluation by several processes, as each sees it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import alexnet
from alexnet.checkpoint import Checkpoint
from alexnet.data.sources.shapes import Shapes
from alexnet.data.views import center_view
from alexnet.distributed.group import ProcessGroup
from alexnet.errors import DivergedError
from alexnet.inference.classifier import Classifier
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18, FigureOne
from alexnet.networks.stage import Architecture

CLASSES = ("red disc", "red square", "red triangle", "red ring")
"""Of `Shapes(classes=4)`, as the data set has them."""


def untrained(
    architecture: Architecture, seed: int = 0, *, side: int = 32, classes: Sequence[str] = CLASSES
) -> Checkpoint:
    """Return a checkpoint of random weights, large enough that pictures get different answers.

    Args:
        architecture: for four classes, or as many as are given.
        seed: of the weights.
        side: to which pictures are scaled.
        classes: in the order of the logits.
    """
    network = Network(architecture, seed=seed)
    shapes = [np.asarray(one.content) for one in Shapes(64, classes=4).examples("validation")]
    views = center_view(torch.from_numpy(np.stack(shapes)).permute(0, 3, 1, 2), architecture.side)[:, 0]
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    for name, value in weights.items():
        if name.endswith(".weight"):
            value.mul_(1.5 / (value[0].numel() ** 0.5 * float(value.std())))
    weights["mean"] += 120.0
    network.load_weights(weights, "itself")
    with torch.no_grad():
        logits = network.eval()(views)
    last, scale = network.output, 1.5 / logits.std(0)
    weights[f"{last}.weight"] *= scale[:, None]
    weights[f"{last}.bias"] = -logits.mean(0) * scale
    return Checkpoint(architecture, weights, tuple(classes), tuple(classes), data={"side": side})


def reordered(found: Checkpoint, order: Sequence[int]) -> Checkpoint:
    """Return the same network with its classes, and the rows of its last layer, in another order."""
    last = Network(found.architecture).output
    weights = {
        name: value[list(order)] if name.startswith(f"{last}.") else value
        for name, value in found.weights.items()
    }
    names = tuple(found.classes[number] for number in order)
    return replace(found, weights=weights, classes=names, words=names)


def pair() -> list[Classifier]:
    """Return two networks of other architectures and sides, with their classes in other orders."""
    first = untrained(Cifar18(classes=4, side=24), 1)
    second = reordered(untrained(FigureOne(classes=4, side=20, activation="tanh"), 2), (2, 0, 3, 1))
    return [Classifier(first, "first"), Classifier(second, "second")]


def dense_pair() -> list[Classifier]:
    """Return two networks of other weights whose input of 24 has room for 2 x 2 dense views in 32 pixels."""
    made = (untrained(Cifar18(classes=4, side=24), 1), untrained(FigureOne(classes=4, side=24), 2))
    return [Classifier(found, f"network {number}") for number, found in enumerate(made)]


def overflowing() -> Classifier:
    """Return a network of finite weights that gives numbers past float32 in conv3, but for black pictures."""
    found = untrained(Cifar18(classes=4, side=24), 3)
    weights = {
        name: torch.zeros_like(value) if name == "mean" else value for name, value in found.weights.items()
    }
    weights["conv3.weight"] = weights["conv3.weight"] * 1e38
    return Classifier(replace(found, weights=weights), "overflowing")


def report(processes: ProcessGroup, directory: Path, views: int) -> tuple[dict[str, Any], str]:
    """Evaluate the pair, sharing the pictures; and one that overflows, of which what is said is returned."""
    data = alexnet.Dataset.open(directory)
    found = alexnet.evaluate(pair(), data, views=views, processes=processes).to_dict()
    try:
        alexnet.evaluate(overflowing(), data, views=1, processes=processes)
    except DivergedError as error:
        return found, str(error)
    return found, ""


def weights_and_file(processes: ProcessGroup, directory: Path, file: Path) -> tuple[tuple[float, ...], float]:
    """Choose weights on the training pictures, evaluate on others, and write what is said of each."""
    data = alexnet.Dataset.open(directory)
    found = alexnet.evaluate(
        dense_pair(), data, views=1, average="search:train", predictions=file, processes=processes
    )
    return found.average_weights, found.temperature
