"""Twenty steps of training, for tests of several processes: a module that a new process can import."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from torch import Tensor

from alexnet import randomness
from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.batches import batches
from alexnet.data.dataset import Dataset
from alexnet.distributed.group import ProcessGroup
from alexnet.networks.chain import Chain
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.normalization import ResponseNormalization
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.stage import Architecture, Stage
from alexnet.training.plan import Plan
from alexnet.training.recipe import Recipe, Training
from alexnet.training.starting import begin_training
from alexnet.training.step import train_step

STEPS = 20


@dataclass(frozen=True)
class Narrow:
    """The layers of section 3 with few filters, and weights large enough to learn in twenty steps."""

    kind: ClassVar[str] = "narrow"
    classes: int = 7
    side: int = 28
    groups: int = 1
    """Columns within which the normalisation's window stays."""

    def stages(self) -> tuple[Stage, ...]:
        chain = Chain(self.side)
        chain.add("conv1", Convolution(3, 8, 5, stride=2, deviation=0.005))
        chain.add("norm1", ResponseNormalization(5, groups=self.groups))
        chain.add("pool1", Pool(3, 2))
        chain.add("conv2", Convolution(8, 12, 3, padding=1, groups=2, deviation=0.1, constant=0.1))
        chain.add("norm2", ResponseNormalization(5, groups=self.groups))
        chain.add("pool2", Pool(3, 2))
        chain.add("conv3", Convolution(12, 16, 3, padding=1, deviation=0.1))
        chain.add("conv4", Convolution(16, 16, 3, padding=1, groups=2, deviation=0.1, constant=0.1))
        chain.add("conv5", Convolution(16, 12, 3, padding=1, groups=2, deviation=0.1, constant=0.1))
        chain.add("pool5", Pool(3, 2))
        for number in (6, 7):
            chain.add(f"fc{number}", FullyConnected(chain.values, 25, deviation=0.2, constant=0.1))
            chain.add(f"dropout{number}", Dropout(0.5))
        chain.add("fc8", FullyConnected(chain.values, self.classes, deviation=0.2, activation="identity"))
        return tuple(chain.stages)


Ended = tuple[dict[str, Tensor], dict[str, Tensor], float, float]


def recipe(network: Architecture, **training: object) -> Recipe:
    settings = Training(batch_size=13, epochs=4, **training)  # type: ignore[arg-type]  # as named
    return Recipe("test", network, Augmentation(side=network.side), settings)


def trained(processes: ProcessGroup, folder: Path, chosen: Recipe) -> Ended:
    """Take twenty steps and return weights, velocities, and the sums of loss and wrong answers."""
    dataset = Dataset.open(folder)
    split = dataset.split("train")
    (replica, state), plan = begin_training(dataset, chosen, processes), Plan(chosen, len(split))
    while state.step < STEPS:
        order = randomness.order(0, state.step // plan.steps_per_epoch, len(split))
        for batch in batches(split, order, 13, division=replica.division):
            if state.step < STEPS:
                train_step(state, replica, batch, chosen, state.progress(plan), dataset.colour_components)
    ended = state.snapshot(replica, dataset, chosen)
    return dict(ended.weights), dict(ended.velocity), state.epoch.loss, state.epoch.wrong
