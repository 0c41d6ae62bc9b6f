"""Pictures that look mislabelled: a classifier that has not seen them is sure that they are of another class."""

import contextlib
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from alexnet.checkpoint import Checkpoint
from alexnet.data.split import Split
from alexnet.errors import CheckpointError
from alexnet.networks.network import Network
from alexnet.training.linear_probe import LinearProbe, fit_last_layer
from alexnet.training.stage_rates import with_classes
from alexnet.weights.adopting import checkpoint_of
from alexnet.weights.shipped import known

SURE: Final = 0.5
"""The least probability of another class at which a label is doubted."""
TIMES: Final = 9.0
"""How many times as likely as the label's own class it is, at least."""
KNOWN: Final = 10
"""Pictures that the label's class has at least: of fewer, nobody can say what they look like."""
USUAL: Final = 0.8
"""The least part of what the pictures of that other class have of it themselves, on average."""


@final
@dataclass(frozen=True)
class Suspect:
    """A picture whose label is doubted."""

    index: int
    """Its number in the split."""
    name: str
    """As its source has it."""
    label: str
    """The class that it is in."""
    predicted: str
    """The class that it looks like."""
    probability: float
    """Of the predicted class, by a fit that had not seen the picture; a fraction."""


def likely_mislabelled(network: Network, split: Split) -> tuple[list[Suspect], LinearProbe]:
    """Find pictures whose label is doubted, by cross-validation of a last layer on the network's features.

    A picture is doubted where the probability of another class is at least a half, nine times that of its own, and
    four fifths of what the pictures of that class have of it; and where its own class has at least ten pictures.

    Args:
        network: whose features it is judged by; best one that was not trained on these labels.
        split: the pictures.
    Returns:
        the suspects, the surest first; and the fit that says so.
    Raises:
        RecipeError: the network does not end in a fully-connected layer of logits.
    Source: after Northcutt, Jiang and Chuang 2021, "Confident learning", whose bound is the whole mean.
    """
    probe = fit_last_layer(network, split, views=1)
    rows = doubted(probe.validation.probabilities, probe.labels)
    found, best = probe.validation.probabilities, probe.validation.probabilities.argmax(1)
    return [
        Suspect(
            index := int(probe.indices[row]),
            split.name_of(index),
            split.classes[int(probe.labels[row])],
            split.classes[int(best[row])],
            float(found[row, best[row]]),
        )
        for row in rows
    ], probe


def network_for_doubts(found: Checkpoint, classes: int) -> tuple[Network, str]:
    """Return the network whose features doubt labels best: that which a run went on from, which has not seen them.

    Only published weights are looked for, by their name: a checkpoint may be anybody's, and no path in it is opened.

    Args:
        found: the run's best network.
        classes: of the pictures whose labels are doubted.
    Returns:
        the network, its last layer new; and whose weights it has, for people: empty for the run's own, which have
        seen the labels that they are to doubt.
    """
    training = found.recipe.get("training", {})
    start = training.get("start", "") if isinstance(training, dict) else ""
    source = ""
    if isinstance(start, str) and (weights := known().get(start)) is not None:
        with contextlib.suppress(CheckpointError):  # they are no longer on this machine
            found, source = checkpoint_of(weights), start
    network = Network(with_classes(found.architecture, classes))
    network.load_matching(found.weights)
    network.mean.copy_(found.weights["mean"])
    return network, source


def doubted(probabilities: Tensor, labels: Tensor) -> list[int]:
    """Return the rows whose label is doubted, the surest first.

    Args:
        probabilities: float32, (N, K), of each picture by a fit that had not seen it.
        labels: int64, (N,).
    """
    classes = probabilities.shape[1]
    own = probabilities.gather(1, labels[:, None])[:, 0]
    sums = torch.zeros(classes).index_add_(0, labels, own)
    counts = torch.bincount(labels, minlength=classes)
    usual = sums / counts.clamp(min=1)
    value, best = probabilities.max(1)
    clear = (value >= (USUAL * usual[best]).clamp(min=SURE)) & (value >= TIMES * own)
    suspicious = clear & (best != labels) & (counts[labels] >= KNOWN)
    rows = suspicious.nonzero()[:, 0]
    order = np.argsort(-value[rows].numpy(), kind="stable")
    return [int(row) for row in rows[torch.from_numpy(order)]]
