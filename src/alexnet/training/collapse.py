"""Runs that learn nothing: every picture gets the same answer, or the loss stays where guessing has it."""

import math
from collections.abc import Callable, Sequence
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from alexnet.data.split import Split
from alexnet.networks.costs import Cost
from alexnet.networks.network import Network
from alexnet.networks.parallel.partition import PartitionedArchitecture
from alexnet.runs.journal import Row

COLLAPSED: Final = "collapsed"
"""In the journal's row of an epoch at whose end the run had collapsed: true; else absent."""
PROBED: Final = frozenset({10, 30, 100, 300, 1000, 3000})
"""Steps after which the answers are looked at, besides the last one of each epoch: a rate that is too high kills
units in the first of them."""
_PICTURES: Final = 16  # that are looked at
_EPOCHS: Final = 3  # without learning before it is said
_NEAR: Final = 0.99  # of the entropy: what a loss above it has learned is nothing


@final
class CollapseCheck:
    """Notice that a run learns nothing, and say it once, with the likely cure.

    Args:
        split: the training pictures.
        costs: what the network is trained for; the loss says something of guessing where it is the paper's.
        rate: of the weights, at first.
        say: is told the advice.
    """

    def __init__(self, split: Split, costs: Sequence[Cost], rate: float, say: Callable[[str], None]) -> None:
        plain = len(costs) == 1 and costs[0].kind == "logreg" and costs[0].coefficient == 1.0
        self._entropy = label_entropy(split.labels) if plain else math.inf
        self._rate, self._say = rate, say
        self._same = False
        self.advice: str | None = None
        """What is wrong now and may be done, or nothing."""

    def is_due(self, step: int, *, ends_epoch: bool) -> bool:
        """Whether the answers are to be looked at after a step."""
        return ends_epoch or step in PROBED

    def look(self, network: Network, images: Tensor, step: int) -> None:
        """Look at a network's answers to some pictures.

        Args:
            network: a whole one, or this process's part of one, which is not looked at.
            images: float32, (N, 3, side, side).
            step: steps finished.
        """
        stage = same_for_all(network, images[:_PICTURES])
        self._same = stage is not None
        self._tell(
            f"after step {step} every picture gets the same answer, as {stage} gives the same for all of them: its "
            "units are dead, and little can be learned any more. The rate was probably too high: begin anew with a "
            f"lower one, for instance --set training.rates.weight={self._rate / 10:g}"
            if stage is not None
            else None
        )

    def end_epoch(self, history: Sequence[Row]) -> bool:
        """Look at the losses of the epochs so far; return whether the run has collapsed."""
        last = history[-_EPOCHS:]
        losses = [row[name] for row in last for name in ("training_loss", "validation_loss") if name in row]
        if not self._same:
            guessing = len(last) == _EPOCHS and min(losses) > _NEAR * self._entropy > 0
            self._tell(
                f"for {_EPOCHS} epochs the loss has been that of guessing, {self._entropy:.2f}, which is the entropy "
                "of the labels, or above: a lower rate helps where it was lower before, else larger initial weights, "
                f"a higher rate or a smaller batch; the rate is --set training.rates.weight={self._rate:g}"
                if guessing
                else None
            )
        return self.advice is not None

    def _tell(self, advice: str | None) -> None:
        if advice is not None and self.advice is None:
            self._say(advice)
        self.advice = advice


def label_entropy(labels: np.ndarray) -> float:
    """Return the loss of guessing: the entropy of labels, int64 (n,), in nats."""
    shares = np.bincount(labels) / len(labels)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())


@torch.no_grad()
def same_for_all(network: Network, images: Tensor) -> str | None:
    """Return the first stage that gives the same for different pictures, where the answer too is the same for all.

    Units of ReLU that are 0 for every picture, or of tanh that are 1 or -1, have no gradient: nothing below them
    learns any more. Small first weights make answers that are alike, not the same.

    Args:
        network: not a part of one that is divided: the others would have to be asked too.
        images: float32, (N, 3, side, side).
    Returns:
        its name; None where the answers differ, or the pictures do not.
    """
    if isinstance(network.architecture, PartitionedArchitecture) or len(images) < 2 or _same(images):
        return None
    was_training = network.training
    outputs = network.eval().activations(images, *(stage.name for stage in network.stages))
    network.train(was_training)
    if not _same(outputs[network.output]):
        return None
    return next(stage.name for stage in network.stages if _same(outputs[stage.name]))


def _same(values: Tensor) -> bool:
    """Whether all rows are equal, bit for bit."""
    return bool((values[1:] == values[:1]).all())
