"""Is the whole network the plain one? Twenty steps beside stock modules that decide as ours does.

A network decides: which units are positive, which response of a pool's window is the largest. Where two are equal
but for rounding, any two orders of adding decide differently, and then their gradients go different ways, which is
no error of either (docs/speed.md). So the plain network is told what ours decided, each goes on by itself from its
own weights, and how close to a tie each decision was that the plain one would have made otherwise is measured too.

Shapes: N images, C channels, H rows, W columns, U units.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet.bench.likeness import DECAY, MOMENTUM, RATE, difference
from alexnet.bench.plain import plain_network
from alexnet.kernels.update import sgd_step
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.layers.layer import Weighted
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.network import Network

WINDOW, STRIDE = 3, 2  # of the pools (section 3.4)


@final
@dataclass
class Likeness:
    """What twenty steps of the two networks had in common; differences are norms over the plain one's norm."""

    logits: list[float] = field(default_factory=list)
    """The difference at each step."""
    gradients: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """The largest difference of all steps, for each parameter."""
    weights: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """The largest difference after any step, for each parameter."""
    decisions: int = 0
    """How many ReLUs and pools made."""
    otherwise: int = 0
    """How many of them the plain network would have made otherwise."""
    margin: float = 0.0
    """The largest difference that one of those was about, over the root mean square of its map."""

    @property
    def largest(self) -> float:
        """The largest difference of logits, gradients and weights at any step."""
        return max(*self.logits, *self.gradients.values(), *self.weights.values())


@final
class Told(nn.Module):
    """A ReLU, a max pool or a dropout layer that decides as it is told.

    Args:
        layer: whose decisions it takes.
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.decision = torch.empty(0)
        self.otherwise, self.margin = 0, 0.0

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.layer, nn.Dropout):
            return x * self.decision  # not rescaled: section 4.2
        own = self.layer(x)
        if isinstance(self.layer, nn.MaxPool2d):
            y = x.flatten(2).gather(2, self.decision.flatten(2)).view_as(own)
            distance = own - y
        else:
            y = x * self.decision
            distance = torch.where(self.decision == (x > 0), 0.0, x.abs())
        with torch.no_grad():
            self.otherwise = int((distance > 0).sum())
            self.margin = float(distance.max() / x.square().mean().sqrt())
        return y


def decided_alike(*, steps: int, batch: int, seed: int = 0) -> Likeness:
    """Train the printed network, and the plain one on the same random pictures from the same weights.

    Ours takes a training step as every run does: kernels, fused stages and update. The plain one is stock modules
    and `torch.optim.SGD`, its ReLUs, pools and dropped units as ours decided them.

    Args:
        steps: that each network goes on by itself.
        batch: pictures a step, of 224 x 224 random pixels.
        seed: of weights, pictures and dropped units.
    """
    network, plain = Network(AlexNet(), seed=seed).train(), _told(plain_network())
    network.set_mean(torch.full((3, 224, 224), 127.5))
    pairs = list(zip(network.named_parameters(), plain.parameters(), strict=True))
    with torch.no_grad():
        for (_, parameter), copy in pairs:
            copy.copy_(parameter)
    velocities = {name: torch.zeros_like(value) for name, value in network.named_parameters()}
    rule = torch.optim.SGD(plain.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
    generator = torch.Generator().manual_seed(seed)
    found = Likeness()
    for step in range(steps):
        images = torch.randint(0, 256, (batch, 3, 224, 224), dtype=torch.uint8, generator=generator)
        labels = torch.randint(0, 1000, (batch,), generator=generator)
        network.zero_grad()
        torch.manual_seed(step)
        logits = network(images)
        F.cross_entropy(logits, labels).backward()
        told = [module for module in plain if isinstance(module, Told)]
        for module, decision in zip(told, _decisions(network, images, logits, step), strict=True):
            module.decision = decision
            found.decisions += 0 if isinstance(module.layer, nn.Dropout) else decision.numel()
        rule.zero_grad()
        expected = plain(images - 127.5)
        F.cross_entropy(expected, labels).backward()
        found.logits.append(difference(logits.detach(), expected.detach()))
        found.otherwise += sum(module.otherwise for module in told)
        found.margin = max(found.margin, *(module.margin for module in told))
        rule.step()  # which leaves the gradients as they are
        for (name, parameter), copy in pairs:
            gradient = parameter.grad
            assert gradient is not None
            assert copy.grad is not None
            found.gradients[name] = max(found.gradients[name], difference(gradient, copy.grad))
            with torch.no_grad():
                sgd_step(parameter, gradient, velocities[name], RATE, MOMENTUM, DECAY)
            found.weights[name] = max(found.weights[name], difference(parameter.detach(), copy.detach()))
    return found


def _told(plain: nn.Sequential) -> nn.Sequential:
    deciding = nn.ReLU | nn.MaxPool2d | nn.Dropout
    return nn.Sequential(*(Told(module) if isinstance(module, deciding) else module for module in plain))


@torch.no_grad()
def _decisions(network: Network, images: Tensor, logits: Tensor, step: int) -> Iterator[Tensor]:
    """Yield what the step decided, in order: bool (N, C, H, W) or (N, U), for a pool the positions int64 (N, C, H, W).

    Stage by stage the kernels give the bits that they give together, which is checked on the logits.
    """
    torch.manual_seed(step)
    values = network.activations(images, *(stage.name for stage in network.stages))
    if not torch.equal(values[network.output], logits):
        raise RuntimeError("stages one by one do not give the logits that they give together")
    for stage in network.stages:
        operation = stage.operation
        if isinstance(operation, Weighted) and operation.activation == "relu":
            yield values[stage.name] > 0
        elif isinstance(operation, Pool):
            yield F.max_pool2d(values[stage.inputs[0]], WINDOW, STRIDE, return_indices=True)[1]
        elif isinstance(operation, Dropout):
            yield (values[stage.name] != 0) | (values[stage.inputs[0]] == 0)
