"""Which pixels a value of a stage sees: its receptive field, where it lies and how large it is."""

from dataclasses import dataclass
from typing import final

from torch import nn

from alexnet.errors import RecipeError
from alexnet.networks.layers.contrast import ContrastNormalization
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.layers.locally_connected import LocallyConnected
from alexnet.networks.layers.normalization import MapNormalization
from alexnet.networks.layers.pictures import Blur
from alexnet.networks.layers.pooling import Pool, WindowPool
from alexnet.networks.network import Network
from alexnet.networks.stage import IMAGES


@final
@dataclass(frozen=True)
class Field:
    """The square of pixels that the value at row i sees: from `start + i * step`, `size` wide; alike for columns.

    It may reach over the picture's border, where there is nothing.
    """

    start: int
    step: int
    size: int

    def pixels(self, index: int, side: int) -> slice:
        """Return the pixels that the value at an index sees, of a picture of `side` pixels."""
        first = self.start + index * self.step
        return slice(max(0, first), max(1, min(side, first + self.size)))


def receptive_field(network: Network, stage: str) -> Field:
    """Return the receptive field of a stage's values.

    Args:
        network: whose stages read one or several others; of several, the field that covers all.
        stage: its name; of a fully-connected one, it is the whole picture.
    Raises:
        RecipeError: no such stage.
    """
    network.stage(stage)
    side = network.architecture.side
    fields = {IMAGES: Field(0, 1, 1)}
    for each in network.stages:
        seen = [_through(each.operation, fields[name], side) for name in each.inputs]
        start = min(field.start for field in seen)
        end = max(field.start + field.size for field in seen)
        fields[each.name] = Field(start, max(field.step for field in seen), end - start)
        if each.name == stage:
            return fields[stage]
    raise RecipeError(f"{stage} is no stage of {network.architecture.kind}")


def _through(operation: nn.Module, field: Field, side: int) -> Field:
    """Return the field of what an operation gives, from that of what it reads."""
    match operation:
        case FullyConnected():
            return Field(0, side, side)
        case Convolution() | LocallyConnected():
            window, stride, start = operation.size, operation.stride, -operation.padding
        case WindowPool():
            window, stride, start = operation.size, operation.stride, operation.start
        case Pool():
            window, stride, start = operation.size, operation.stride, 0
        case MapNormalization() | Blur():
            window, stride, start = operation.size, 1, -(operation.size // 2)
        case ContrastNormalization():
            window, stride, start = 2 * operation.size - 1, 1, -(operation.size - 1)
        case _:
            return field
    return Field(
        field.start + start * field.step, field.step * stride, field.size + (window - 1) * field.step
    )
