"""The named steps of which a network is made, and the value that says which."""

from dataclasses import dataclass
from typing import Final, Protocol

from torch import nn

IMAGES = "images"  # the name of the input, as a stage's inputs refer to it
LARGEST_SIDE: Final = 2_048
"""Pixels of a picture's height and width, at most: 50 MB as float32; the paper has 256."""


@dataclass(frozen=True)
class Stage:
    """A named step of a network: an operation and the stages whose outputs it reads."""

    name: str
    operation: nn.Module
    inputs: tuple[str, ...]


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
