"""Going on from learned features: what few pictures are best served by."""

from dataclasses import replace
from typing import Final

import torch

from alexnet.data.augmentation.augment import Augmentation
from alexnet.networks.small_photos import SmallPhotos
from alexnet.networks.stage import Architecture
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Recipe, Training
from alexnet.training.schedule import Schedule
from alexnet.training.stage_rates import weighted_stages

START: Final = "small"
"""The weights that it begins with where none are named: those in the package."""
RATE: Final = 0.003
"""Of the last layer."""
FALLING: Final = 0.7
"""What the rate of each layer is, times that of the layer above it."""


def transfer(start: str = START, network: Architecture | None = None) -> Recipe:
    """Fit a new last layer to learned features, then fine-tune all layers, the lower ones at smaller rates.

    The last layer begins as a logistic regression, whose penalty cross-validation chooses; it is kept where no
    epoch of fine-tuning has a lower validation error.

    Source: Kumar et al. 2022, probing before fine-tuning; rates that grow towards the last layer: Howard and Ruder
    2018. The paper goes on from a network of more classes at one rate (section 6).
    Expected: about half the error of the same pictures' histograms of gradients with a linear SVM.
    Measured here: 34% error of 10 classes that the features had not seen, by 20 pictures of each, in 10 seconds of two
    cores (docs/results.md).

    Args:
        start: the weights that it begins with: a run, a checkpoint, or published ones by their name.
        network: whose weights these are.
    """
    network = network or SmallPhotos()
    with torch.device("meta"):  # nothing is drawn
        names = weighted_stages(network.stages())
    rates = {
        name: LayerHyperparameters(weight=rate, bias=rate)
        for name, rate in zip(
            reversed(names), (RATE * FALLING**depth for depth in range(len(names))), strict=True
        )
    }
    return Recipe(
        "transfer",
        network=network,
        augmentation=Augmentation(side=network.side),
        training=Training(
            epochs=20,
            batch_size=64,
            start=start,
            linear_probe=True,
            rates=replace(LayerHyperparameters(), weight=RATE, bias=RATE),
            stages={name: rates[name] for name in names},
            schedule=Schedule(kind="polynomial", power=1.0, warmup=0.5),
            label_smoothing=0.1,
            early_stopping=8,
            validation_views=10,
        ),
    )
