"""Stages strung one after the other."""

import math

from alexnet.networks.layers.layer import Layer, Shape
from alexnet.networks.stage import IMAGES, Stage


class Chain:
    """Stages being strung one after the other, and the shape (C, H, W) or (U,) at the end."""

    def __init__(self, side: int) -> None:
        self.stages: list[Stage] = []
        self.shape: Shape = (3, side, side)

    def add(self, name: str, operation: Layer) -> None:
        """Append a stage that reads the one before it."""
        before = self.stages[-1].name if self.stages else IMAGES
        self.stages.append(Stage(name, operation, (before,)))
        self.shape = operation.shape(self.shape)

    @property
    def values(self) -> int:
        """How many values the last stage gives for one image."""
        return math.prod(self.shape)
