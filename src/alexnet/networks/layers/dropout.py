"""Dropout as the paper has it (section 4.2)."""

import torch
from torch import Tensor

from alexnet.errors import RecipeError
from alexnet.networks.layers.layer import Layer, Shape
from alexnet.randomness import StepRandomness


class Dropout(Layer):
    """Drop units in training without rescaling; multiply by the probability of keeping at test (section 4.2).

    Unlike `nn.Dropout`, which rescales in training, this is what the paper prints: weights trained by either
    are not interchangeable without a factor.

    Args:
        keep: the probability of keeping a unit.
        rescaled: divide by `keep` in training and leave the test alone, as Caffe and torchvision do.
    """

    random = True

    def __init__(self, keep: float = 0.5, *, rescaled: bool = False) -> None:
        super().__init__()
        if not 0.0 < keep <= 1.0:
            raise RecipeError(f"a dropout layer cannot keep {keep} of its units: 0 < keep <= 1")
        self.keep, self.rescaled = keep, rescaled

    def extra_repr(self) -> str:
        return f"keep {self.keep}" + (", rescaled" if self.rescaled else "")

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor, *, rng: StepRandomness | None = None, stage: str = "") -> Tensor:
        if not self.training:
            return x if self.rescaled else x * self.keep
        if self.rescaled:
            x = x / self.keep
        if rng is None:
            return x * (torch.rand_like(x) < self.keep)
        generator = rng.generator(stage, x.device)
        drawn = torch.rand((rng.total, *x.shape[1:]), generator=generator, device=x.device)
        return x * (drawn[rng.start : rng.stop] < self.keep)
