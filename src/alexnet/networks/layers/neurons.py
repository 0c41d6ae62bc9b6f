"""The functions that neurons apply, by the names that the 2012 program gave them.

A name may carry numbers: `tanh[1.7159,0.6667]`, `brelu[6]`. The paper uses relu and tanh (section 3.1).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from alexnet.errors import RecipeError, choices
from alexnet.networks.layers.layer import Layer, Shape
from alexnet.randomness import StepRandomness


def bounded(x: Tensor, a: float) -> Tensor:
    """Compute min(a, max(0, x)); the gradient is 1 only strictly between 0 and a."""
    return torch.where(x <= 0, 0.0, torch.where(x >= a, a, x))


def absolute(x: Tensor) -> Tensor:
    """Compute |x|, with the gradient -1 at 0."""
    return torch.where(x > 0, x, -x)


def soft_relu(x: Tensor) -> Tensor:
    """Compute log(1 + e^x), and exactly x above 4."""
    return torch.where(x > 4, x, torch.log1p(torch.exp(x.clamp(max=4))))


def double_relu(x: Tensor, a: float) -> Tensor:
    """Return x - a tanh(x / a), flat around 0, of slope 1 far from it; its gradient is tanh(x / a)^2."""
    return x - a * torch.tanh(x / a)


FUNCTIONS: Final[dict[str, tuple[int, Callable[..., Tensor]]]] = {  # how many numbers each takes
    "ident": (0, lambda x: x),
    "logistic": (0, torch.sigmoid),
    "relu": (0, torch.relu),
    "nrelu": (0, torch.relu),  # and noise: see Neuron
    "brelu": (1, bounded),
    "abs": (0, absolute),
    "tanh": (2, lambda x, a, b: a * torch.tanh(b * x)),
    "softrelu": (0, soft_relu),
    "drelu": (1, double_relu),
    "square": (0, torch.square),
    "sqrt": (0, torch.sqrt),
    "linear": (2, lambda x, a, b: a * x + b),
}


@final
@dataclass(frozen=True)
class NeuronType:
    """A neuron's function by its name and numbers."""

    name: str
    """One of `FUNCTIONS`."""
    numbers: tuple[float, ...]
    """As many as the function takes."""


def read_neuron(text: str) -> NeuronType:
    """Read `name` or `name[a,b]`.

    Raises:
        RecipeError: a name that does not exist, or too many or too few numbers.
    """
    match = re.fullmatch(r"\s*(\w+)\s*(?:\[([^\]]*)\])?\s*", text)
    name = match[1] if match else text
    if match is None or name not in FUNCTIONS:
        raise RecipeError(f"`{name}` is not a neuron; {choices(name, FUNCTIONS)}")
    parts = [part for part in (match[2] or "").split(",") if part.strip()]
    count = FUNCTIONS[name][0]
    if len(parts) != count:
        form = f"{name}[{','.join('ab'[:count])}]" if count else name
        raise RecipeError(f"`{text.strip()}` does not fit the neuron {name}: write {form}")
    try:
        return NeuronType(name, tuple(float(part) for part in parts))
    except ValueError:
        raise RecipeError(f"`{text.strip()}` holds something that is not a number") from None


@final
class Neuron(Layer):
    """Apply a neuron's function to every value, whatever the shape.

    nrelu adds noise to y = max(0, x) and rectifies again: max(0, y + N(0, 1) y), in training and at test; its
    gradient is 1 where the output is above 0.

    Args:
        text: the function, for instance "relu" or "tanh[1,2]".
    Raises:
        RecipeError: a function that does not exist.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.function = read_neuron(text)
        self.random = self.function.name == "nrelu"

    def extra_repr(self) -> str:
        numbers = ",".join(f"{number:g}" for number in self.function.numbers)
        return self.function.name + (f"[{numbers}]" if numbers else "")

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def forward(self, x: Tensor, *, rng: StepRandomness | None = None, stage: str = "") -> Tensor:
        y = FUNCTIONS[self.function.name][1](x, *self.function.numbers)
        if not self.random:
            return y
        noisy = torch.relu(y + standard_normal(y, rng, stage) * y)
        return torch.where(noisy > 0, x + (noisy - x).detach(), 0.0)


def standard_normal(like: Tensor, rng: StepRandomness | None, stage: str) -> Tensor:
    """Draw N(0, 1) for each value, the same however the batch is shared among processes."""
    if rng is None:
        return torch.randn_like(like)
    generator = rng.generator(stage, like.device)
    drawn = torch.randn((rng.total, *like.shape[1:]), generator=generator, device=like.device)
    return drawn[rng.start : rng.stop].to(like.dtype)
