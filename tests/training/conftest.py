"""What the tests of training share."""

import pytest

from alexnet.data.augment import Augmentation
from alexnet.networks.small import Cifar18
from alexnet.training.optimizer import Rates
from alexnet.training.recipe import Recipe, Training
from alexnet.training.schedule import Schedule


@pytest.fixture(scope="session")
def brief() -> Recipe:
    """A run of a second on the shapes: 3 epochs of 16 small steps."""
    return Recipe(
        "brief",
        network=Cifar18(classes=4, side=12, deviation=0.003),
        augmentation=Augmentation(side=12),
        training=Training(
            epochs=3.0, batch_size=8, rates=Rates(weight=0.002), schedule=Schedule(kind="constant")
        ),
    )
