"""Are the kernels the layers they stand for? Every layer of a training run, from the same input, both ways.

A whole network's gradients cannot tell: where two responses in a pool's window, or a response and zero, are equal but
for rounding, any two orders of adding choose differently (docs/speed.md). One layer can, given what it reads and
what comes back to it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet.kernels import library
from alexnet.kernels.update import sgd_step
from alexnet.networks.fusion import FusedStages, fused
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.network import Network
from alexnet.networks.stage import IMAGES, Architecture, Stage

Layer = Callable[[Tensor], Tensor]
RATE, MOMENTUM, DECAY = 0.01, 0.9, 0.0005  # section 5


def layer_by_layer(architecture: Architecture, *, steps: int, batch: int) -> dict[str, dict[str, float]]:
    """Train plainly on random pictures, and do each layer of each step by the kernels beside it.

    Returns:
        for each layer that a kernel does, and for the update, what was compared (`output`, `gradient` of the input,
        of the `weight` and of the `bias`; `weight` and `velocity` of the update): the largest of all steps of the
        norm of the difference over the norm. "as one" is what the layers of a fused run give together, against
        one by one: 0 where every bit is the same.
    """
    network = Network(architecture, seed=0).train()
    generator = torch.Generator().manual_seed(0)
    side, velocities = architecture.side, {n: torch.zeros_like(p) for n, p in network.named_parameters()}
    network.set_mean(torch.full((3, side, side), 127.5))
    largest: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))

    def note(layer: str, ours: Mapping[str, Tensor], plain: Mapping[str, Tensor]) -> None:
        for what, value in plain.items():
            largest[layer][what] = max(largest[layer][what], difference(ours[what], value))

    for _ in range(steps):
        images = torch.randint(0, 256, (batch, 3, side, side), dtype=torch.uint8, generator=generator)
        labels = torch.randint(0, architecture.classes, (batch,), generator=generator)
        values = _plain_step(network, images, labels)
        for stage, layer, x, gradient in _layers(network, values):
            ours = _done(stage.operation, layer, x, gradient)
            with library.plain():
                plain = _done(stage.operation, layer, x, gradient)
            note(stage.name, ours, plain)
        for stage, whole, one_by_one, x, gradient in _runs(network, values):
            note(
                f"{stage.name} as one",
                _done(nn.Identity(), whole, x, gradient),
                _done(nn.Identity(), one_by_one, x, gradient),
            )
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None
            ours = _updated(parameter, velocities[name])
            with library.plain():
                plain = _updated(parameter, velocities[name])
            note("update", ours, plain)
            with torch.no_grad():
                parameter.copy_(plain["weight"])
                velocities[name] = plain["velocity"]
    return {layer: dict(found) for layer, found in largest.items()}


def difference(ours: Tensor, plain: Tensor) -> float:
    """Return the norm of the difference over the norm."""
    return float((ours - plain).norm()) / max(float(plain.norm()), 1e-30)


def _plain_step(network: Network, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Compute each stage's value plainly, and the gradients of all of them."""
    network.zero_grad()
    torch.manual_seed(0)  # the units that are dropped
    with library.plain():
        values = network.activations(images, *(stage.name for stage in network.stages))
        for value in values.values():
            value.retain_grad()
        F.cross_entropy(values[network.output], labels).backward()
    return values | {IMAGES: images.to(network.mean.dtype) - network.mean}


def _layers(network: Network, values: Mapping[str, Tensor]) -> Iterator[tuple[Stage, Layer, Tensor, Tensor]]:
    """Yield each layer that a kernel does, what it read, and the gradient that came back to it; pictures need none."""
    for stage in network.stages:
        x, gradient = values[stage.inputs[0]], values[stage.name].grad
        assert gradient is not None
        operation = stage.operation
        if isinstance(operation, Convolution):
            rectified = operation.activation == "relu"
            yield stage, operation.linear, x, gradient * (values[stage.name] > 0) if rectified else gradient
        elif isinstance(alone := fused([stage], {stage.name})[0].operation, FusedStages):
            yield stage, alone, x, gradient


def _runs(
    network: Network, values: Mapping[str, Tensor]
) -> Iterator[tuple[Stage, Layer, Layer, Tensor, Tensor]]:
    """Yield what follows a convolution, as one kernel and one by one, with a convolution's output to do it to."""
    names = [stage.name for stage in network.stages]
    for stage in fused(network.stages, {network.output}):
        run = stage.operation
        if not isinstance(run, FusedStages) or not isinstance(run.operations[0], Convolution):
            continue
        first = network.stages[names.index(stage.name) - len(run.operations) + 1]
        x = run.operations[0].linear(values[first.inputs[0]])
        gradient = values[stage.name].grad
        assert gradient is not None
        relu: list[nn.Module] = [nn.ReLU()] if run.operations[0].activation == "relu" else []
        rest = [FusedStages([operation]) for operation in run.operations[1:]]
        yield stage, run.respond, nn.Sequential(*relu, *rest), x, gradient


def _done(operation: nn.Module, layer: Layer, x: Tensor, gradient: Tensor) -> dict[str, Tensor]:
    """Do a layer forward and backward."""
    kept = {name: parameter.grad for name, parameter in operation.named_parameters()}
    for parameter in operation.parameters():
        parameter.grad = None
    x = x.detach().clone().requires_grad_(x.requires_grad)
    output = layer(x)
    output.backward(gradient)
    found = {"output": output.detach()} | ({} if x.grad is None else {"gradient": x.grad})
    for name, parameter in operation.named_parameters():
        assert parameter.grad is not None
        found[name], parameter.grad = parameter.grad, kept[name]
    return found


def _updated(parameter: nn.Parameter, velocity: Tensor) -> dict[str, Tensor]:
    weight, velocity = parameter.detach().clone(), velocity.clone()
    assert parameter.grad is not None
    sgd_step(weight, parameter.grad, velocity, RATE, MOMENTUM, DECAY)
    return {"weight": weight, "velocity": velocity}
