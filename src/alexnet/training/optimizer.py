"""Stochastic gradient descent exactly as section 5 has it: the rate inside the velocity.

    v := momentum * v - decay * rate * w - rate * gradient
    w := w + v

`torch.optim.SGD` keeps the velocity without the rate; the two differ whenever the rate changes.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from alexnet.errors import CheckpointError, RecipeError
from alexnet.kernels.update import Update, sgd_steps
from alexnet.networks.layers.tree import TreeConnected
from alexnet.training.schedule import Schedule


@final
@dataclass(frozen=True)
class LayerHyperparameters:
    """How the weights and biases of a layer are updated.

    Raises:
        RecipeError: a number that makes no update.
    """

    weight: float = 0.01
    """Learning rate of the weights (section 5: 0.01 to begin with)."""
    bias: float = 0.01
    """Learning rate of the biases (section 5: the same for all; the program used 0.02)."""
    momentum: float = 0.9
    """Momentum of the weights (section 5)."""
    bias_momentum: float = 0.9
    """Momentum of the biases (section 5)."""
    decay: float = 0.0005
    """Weight decay, multiplied by the rate; biases have none (section 5)."""
    trust: float = 0.0
    """Above 0: the weights' rate is multiplied by this times |w| / (|gradient| + decay |w|) (LARS, You 2017)."""
    ball: float = 0.0
    """Above 0: each filter's norm is at most this times its number of weights (wball)."""
    least_norm: float = 0.0
    """Above 0, with `most_norm`: filters of a smaller spread are scaled up to it (wcNormMin)."""
    most_norm: float = 0.0
    """Above 0: filters of a larger spread are scaled down to it (wcNormMax)."""
    weight_schedule: Schedule | None = None
    """A schedule of the weights' own; without, the run's."""
    bias_schedule: Schedule | None = None
    """A schedule of the biases' own; without, the run's."""

    def __post_init__(self) -> None:
        for name in ("weight", "bias", "decay", "trust", "ball", "least_norm", "most_norm"):
            if not 0 <= getattr(self, name) < math.inf:
                raise RecipeError(
                    f"{name}={getattr(self, name)} would unlearn: rates and decay are 0 or more, and finite"
                )
        for name in ("momentum", "bias_momentum"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise RecipeError(f"{name}={getattr(self, name)} would not come to rest: 0 <= {name} < 1")


@final
class MomentumSGD:
    """The update rule of section 5 over the parameters of a network, and their velocities.

    Args:
        network: whose parameters are updated, in place.
        norm: gives the norm of a parameter, or of its gradient, by its name: over all processes where it is
            divided.
    """

    def __init__(self, network: nn.Module, norm: Callable[[str, Tensor], float] | None = None) -> None:
        self._norm = norm or (lambda name, value: float(value.norm()))
        self.parameters = dict(network.named_parameters())
        self.velocity = {name: torch.zeros_like(value) for name, value in self.parameters.items()}
        self.leaves = {
            f"{name}.weight": module.leaves_below
            for name, module in network.named_modules()
            if isinstance(module, TreeConnected)
        }

    @torch.no_grad()
    def step(
        self, rates_of: Callable[[str], LayerHyperparameters], factor: Callable[[Schedule | None], float]
    ) -> None:
        """Update every parameter that has a gradient; one whose rate is 0 is frozen, decay and all.

        Args:
            rates_of: gives the rates of a parameter by its name, `conv1.weight`.
            factor: gives what a schedule multiplies its rate by, its noise drawn at each call; None stands for
                the run's schedule.
        """
        updates: list[Update] = []
        bounded: list[tuple[Tensor, LayerHyperparameters]] = []
        for name, parameter in self.parameters.items():
            if parameter.grad is None:
                continue
            rates, is_bias = rates_of(name), name.rpartition(".")[2].startswith("bias")
            base = rates.bias if is_bias else rates.weight
            schedule = rates.bias_schedule if is_bias else rates.weight_schedule
            rate = base * (factor(schedule) if base else 0.0)
            if rate == 0.0:
                continue
            momentum, decay = (rates.bias_momentum, 0.0) if is_bias else (rates.momentum, rates.decay)
            if decay:  # a schedule's noise is drawn for it anew, as in the program
                decay *= base * factor(schedule) / rate
            if rates.trust and not is_bias:
                norms = self._norm(name, parameter), self._norm(name, parameter.grad)
                rate *= trust_ratio(*norms, rates)
            update = Update(parameter, parameter.grad, self.velocity[name], rate, momentum, decay)
            if name in self.leaves:
                _update_tree(update, self.leaves[name])
                continue
            updates.append(update)
            if not is_bias and (rates.ball or rates.most_norm):
                bounded.append((parameter, rates))
        sgd_steps(updates)
        for weight, rates in bounded:
            _bound_norms(weight, rates)

    def load(self, velocity: Mapping[str, Tensor]) -> None:
        """Take velocities by the names of their parameters, all of them or none.

        Raises:
            CheckpointError: one is missing, or not of its parameter's shape.
        """
        for name, value in self.velocity.items():
            if name not in velocity or velocity[name].shape != value.shape:
                raise CheckpointError(
                    f"the checkpoint has no velocity of {name}, {tuple(value.shape)}: it cannot be gone on from"
                )
        for name, value in self.velocity.items():
            value.copy_(velocity[name])


def _update_tree(update: Update, leaves: Tensor) -> None:
    """Apply the rule of a tree of classes: a node's rate and decay are divided by the leaves below it."""
    weight, gradient, velocity, rate, momentum, decay = update
    size = leaves[:, None]
    velocity.mul_(momentum).sub_(rate / size * (gradient + decay / size * weight))
    weight.add_(velocity)


def trust_ratio(weight: float, gradient: float, rates: LayerHyperparameters) -> float:
    """Return what LARS multiplies a layer's rate by, from the norms of its weights and their gradient.

    A layer of zeros, or without a gradient, keeps its rate.

    Source: You, Gitman and Ginsburg 2017, equation 6.
    """
    if weight == 0.0 or gradient == 0.0:
        return 1.0
    return rates.trust * weight / (gradient + rates.decay * weight)


def _bound_norms(weight: Tensor, rates: LayerHyperparameters) -> None:
    """Scale filters whose norm the program would not allow: wcNormMin and wcNormMax first, then wball."""
    filters = weight.flatten(0, -2) if weight.dim() == 3 else weight.flatten(1)  # local: (P, F, inputs)
    count = filters.shape[1]
    if rates.most_norm > 0:
        centred = filters - filters.mean(1, keepdim=True)
        spread = (centred.norm(dim=1, keepdim=True) / count).clamp(min=1e-30)
        allowed = spread.clamp(min=rates.least_norm, max=rates.most_norm)
        filters.mul_(allowed / spread)
    if rates.ball > 0:
        norms = filters.norm(dim=1, keepdim=True)
        filters.mul_((rates.ball * count / norms).clamp(max=1.0))
    weight.copy_(filters.view(weight.shape))  # of a weight with channels last in memory, `filters` is a copy
