"""The named steps of which a network is made, and the value that says which."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from alexnet.networks.costs import Cost
from alexnet.networks.layers.layer import Layer, Shape

IMAGES = "images"  # the name of the input, as a stage's inputs refer to it
LARGEST_SIDE: Final = 2_048
"""Pixels of a picture's height and width, at most: 50 MB as float32; the paper has 256."""


@dataclass(frozen=True, repr=False)
class Stage:
    """A named step of a network: an operation and the stages whose outputs it reads."""

    name: str
    operation: Layer
    inputs: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{self.name}: {self.operation.extra_repr() or type(self.operation).__name__}"


class Architecture(Protocol):
    """A frozen value that says everything about a network but its weights."""

    @property
    def kind(self) -> str:
        """The name under which `alexnet.build` knows this kind of network."""

    @property
    def classes(self) -> int:
        """How many classes the last layer tells apart."""

    @property
    def side(self) -> int:
        """Height and width of the input, in pixels."""

    def stages(self) -> tuple[Stage, ...]:
        """Make the stages, with weights not yet drawn; the last one gives the logits."""


@runtime_checkable
class TrainedForCosts(Protocol):
    """An architecture that says what it is trained for; others are for the paper's cost (section 3)."""

    def costs(self) -> tuple[Cost, ...]:
        """Return the costs, over the stages of the network."""


def stage_shapes(stages: Iterable[Stage], side: int) -> dict[str, Shape]:
    """Return the shape of each stage's output for one image of `side` pixels, in order."""
    known: dict[str, Shape] = {IMAGES: (3, side, side)}
    for stage in stages:
        known[stage.name] = stage.operation.shape(*(known[name] for name in stage.inputs))
    del known[IMAGES]
    return known
