"""What is measured of trained networks: errors, epochs, neighbours, the colours of kernels.

Shapes: N pictures, K classes, U units.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import numpy as np
import torch
import torch.nn.functional as F

from alexnet.bench.tasks import measure
from alexnet.claims.claim import Measured
from alexnet.cpu import cores
from alexnet.data.dataset import Dataset
from alexnet.evaluation.ensemble import split_of
from alexnet.evaluation.evaluate import evaluate
from alexnet.evaluation.predict import PredictedBatch
from alexnet.runs.run import Run

NEIGHBOURS: Final = 10


@final
@dataclass(frozen=True)
class TestError:
    """The error on the test pictures, or on the validation pictures where there are no others."""

    __test__ = False  # no test of pytest's

    views: int = 1
    """Of a picture: 1, the centre, or 10."""
    top: int = 1
    """Right is whose class is among so many best ones: 1 or 5."""
    averaged: bool = True
    """Of several networks: their average's error; otherwise the mean of their errors."""
    unit: str = "percent"

    def __call__(self, runs: Sequence[Path], dataset: Dataset) -> Measured:
        """Evaluate: every picture once, with the best network of each run."""
        groups = [list(runs)] if self.averaged else [[run] for run in runs]
        count = len(dataset.split(split_of(dataset, None)))
        wrong = np.zeros(count, np.uint8)
        for group in groups:

            def observe(batch: PredictedBatch) -> None:
                best = batch.probabilities.topk(self.top, dim=1).indices
                wrong[batch.indices.numpy()] += (best != batch.labels[:, None]).all(1).numpy()

            evaluate(group, dataset, views=self.views, observe=observe)
        return Measured(float(wrong.mean()) / len(groups), count, wrong, len(groups))


@final
@dataclass(frozen=True)
class EpochsTo:
    """How many epochs it takes until the training error of an epoch is below a limit."""

    error: float
    unit: str = "epochs"

    def __call__(self, runs: Sequence[Path], dataset: Dataset) -> Measured:
        """Read it from the journals, and take the run that was soonest, as who chooses the best of several rates does.

        The middle of an epoch has its error; between two, a straight line. Infinite where none came so far.
        """
        found = []
        for run in runs:
            rows = Run.read(run).history
            curve = tuple((float(row["epoch"]), float(row["training_top1_error"])) for row in rows)
            found.append(Measured(epochs_to(curve, self.error), len(dataset.split("train")), curve=curve))
        return min(found, key=lambda one: one.figure)


def epochs_to(curve: Sequence[tuple[float, float]], limit: float) -> float:
    """Return after how many epochs a training error falls to a limit.

    Args:
        curve: the end of each epoch, and the mean training error of that epoch.
        limit: the error.
    Returns:
        epochs, by straight lines between the middles of epochs; infinity where it is not reached.
    """
    starts = [0.0, *(epoch for epoch, _ in curve)]
    points = [((before + epoch) / 2, error) for before, (epoch, error) in zip(starts, curve, strict=False)]
    if points and points[0][1] <= limit:
        return points[0][0]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if y1 <= limit:
            return x0 + (x1 - x0) * (y0 - limit) / (y0 - y1)
    return float("inf")


@final
@dataclass(frozen=True)
class NeighbourPrecision:
    """How many of a test picture's ten nearest training pictures are of its class, a fraction."""

    stage: str = ""
    """By the Euclidean distance of this stage's outputs; empty, of the pixels themselves."""
    queries: int = 2000
    """Test pictures that are asked about, the first ones."""
    unit: str = "percent"

    def __call__(self, runs: Sequence[Path], dataset: Dataset) -> Measured:
        """Search: exactly, among all training pictures."""
        name = split_of(dataset, None)
        database, labels = self._vectors(runs, dataset, "train", None)
        asked, wanted = self._vectors(runs, dataset, name, self.queries)
        hits = np.zeros(len(asked), np.uint8)
        squares = database.square().sum(1)
        for first in range(0, len(asked), 500):
            part = asked[first : first + 500]
            nearest = (squares - 2 * part @ database.T).topk(NEIGHBOURS, dim=1, largest=False).indices.numpy()
            same = labels[nearest] == wanted[first : first + 500, None]
            hits[first : first + 500] = same.sum(1)
        return Measured(float(hits.mean()) / NEIGHBOURS, len(asked), hits, NEIGHBOURS)

    def _vectors(
        self, runs: Sequence[Path], dataset: Dataset, name: str, count: int | None
    ) -> tuple[torch.Tensor, np.ndarray]:
        """Return the vectors of a split's pictures, float32 (N, U), and their labels, int64 (N,)."""
        split = dataset.split(name)
        numbers = np.arange(len(split) if count is None else min(count, len(split)))
        network = None if not self.stage else Run.read(runs[0]).load().network.eval()
        found = []
        with torch.inference_mode():
            for first in range(0, len(numbers), 500):
                images = split.images(numbers[first : first + 500]).float()
                if network is None:
                    found.append(images.flatten(1))
                    continue
                room = (images.shape[-1] - network.architecture.side) // 2
                seen = F.pad(images, (-room,) * 4)[
                    ..., : network.architecture.side, : network.architecture.side
                ]
                found.append(network.activations(seen, self.stage)[self.stage].flatten(1))
        return torch.cat(found), split.labels[numbers]


@final
@dataclass(frozen=True)
class ColourOfColumns:
    """How much more colour the kernels of one column of conv1 have than those of the other.

    The colour of a kernel is the share of its energy that is not grey: 0 where its three planes are alike. The figure
    is the difference of the columns' mean shares, over the mean difference of kernels dealt into columns by chance.
    """

    shuffles: int = 2000
    unit: str = "times"

    def __call__(self, runs: Sequence[Path], dataset: Dataset) -> Measured:
        """Measure the kernels of the best network."""
        kernels = Run.read(runs[0]).load().network.state_dict()["conv1.weight"].float()
        shares = colour_shares(kernels)
        half = len(shares) // 2
        found = abs(float(shares[:half].mean() - shares[half:].mean()))
        drawn = np.random.default_rng(0)
        by_chance = []
        for _ in range(self.shuffles):
            dealt = drawn.permutation(shares)
            by_chance.append(abs(float(dealt[:half].mean() - dealt[half:].mean())))
        return Measured(found / max(float(np.mean(by_chance)), 1e-12), len(shares))


def colour_shares(kernels: torch.Tensor) -> np.ndarray:
    """Return the share of each kernel's energy that is not grey.

    Args:
        kernels: (F, 3, H, W), the planes in RGB.
    Returns:
        float64, (F,), 0 for grey to 1.
    """
    kernels = kernels.double()
    grey = kernels.mean(1, keepdim=True).expand_as(kernels)
    coloured = (kernels - grey).square().sum((1, 2, 3))
    shares: np.ndarray = (coloured / kernels.square().sum((1, 2, 3)).clamp(min=1e-30)).numpy()
    return shares


@final
@dataclass(frozen=True)
class Days:
    """How many days 90 epochs of 1.2 million pictures take, by the speed that this machine trains the network at.

    Section 5: five to six days on two GTX 580.
    """

    cores: int | None = None
    """So many cores like those of this machine, each as fast as one of its; None for this machine as it is."""
    rounds: int = 3
    unit: str = "days"

    def __call__(self, runs: Sequence[Path], dataset: Dataset) -> Measured:
        """Measure as `alexnet bench train` does; other programs on the machine make it slower."""
        report = measure("train", rounds=self.rounds, threads=torch.get_num_threads())
        speed = report.rows[0].value  # images a second, ours
        share = cores() / self.cores if self.cores else 1.0
        return Measured(90 * 1_200_000 / speed / 86_400 * share)
