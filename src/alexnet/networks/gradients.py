"""Check a network's gradients against differences of its objective, as the 2012 program could.

The program moved every weight by a step and compared one-sided differences in single precision, to 2%. Here
differences are central and in double precision, and of a large matrix some entries are tried.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from alexnet.networks.costs import objective
from alexnet.networks.network import Network
from alexnet.networks.stage import Architecture
from alexnet.randomness import StepRandomness, generator

TOLERANCE: Final = 0.02  # the program's: norm of the difference over the norm of the gradient
STEP: Final = 1e-7  # small, for few windows and rectifiers to change sides within it


@final
@dataclass(frozen=True)
class GradientCheck:
    """How a parameter's gradient compares with differences."""

    name: str
    entries: int
    """How many of its numbers were tried."""
    norm: float
    """Of the gradient, over those."""
    error: float
    """Norm of the difference over that of the gradient; 0 where both are zero."""

    @property
    def agrees(self) -> bool:
        """Whether the error is within the program's tolerance."""
        return self.error < TOLERANCE


def check_gradients(
    architecture: Architecture,
    *,
    images: int = 2,
    entries: int = 10,
    seed: int = 0,
    device: torch.device = torch.device("cpu"),  # noqa: B008  # a value, and never changed
) -> Iterator[GradientCheck]:
    """Compare each parameter's gradient with central differences of the objective, in float64.

    Dropout is replaced by its scaling at test, and other random stages draw the same each time.

    Args:
        architecture: of the network; its weights are drawn anew.
        images: how many pictures of noise.
        entries: how many numbers of each parameter are tried; drawn at random.
        seed: of weights, pictures, labels and entries.
        device: where to compute.
    Yields:
        one check a parameter.
    Source: the program's --check-grads.
    """
    network = Network(architecture, seed=seed).to(device).double().eval()
    source = generator(seed, "gradients")
    side = architecture.side
    pictures = 60.0 * torch.randn(images, 3, side, side, generator=source, dtype=torch.float64).to(device)
    labels = torch.randint(0, architecture.classes, (images,), generator=source).to(device)
    rng = StepRandomness(seed, 0, 0, images, images)

    def value() -> Tensor:
        return objective(network.costs, network.cost_inputs(pictures, rng), labels)

    value().backward()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            slope = parameter.grad if parameter.grad is not None else torch.zeros_like(parameter)
            count = min(entries, parameter.numel())
            chosen = torch.randperm(parameter.numel(), generator=source)[:count].tolist()
            flat = parameter.view(-1)
            found = torch.tensor([_difference(value, flat, entry) for entry in chosen], dtype=torch.float64)
            analytic = slope.reshape(-1)[chosen].cpu()
            norm, apart = float(analytic.norm()), float((found - analytic).norm())
            yield GradientCheck(name, count, norm, apart / norm if norm else float(apart > 1e-7))


def _difference(value: Callable[[], Tensor], flat: Tensor, entry: int) -> float:
    """Return the central difference of the objective along one number."""
    before = flat[entry].item()
    ends = []
    for step in (STEP, -STEP):
        flat[entry] = before + step
        ends.append(float(value()))
    flat[entry] = before
    return (ends[0] - ends[1]) / (2 * STEP)
