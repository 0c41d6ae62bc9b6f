"""Claim: fast is the same. Twenty steps with the compiled kernels stay beside twenty steps without.

Each run starts from the same weights (section 5), sees the same batches and drops the same units; logits on one
batch are compared after each step, gradients at the first step, weights at the end: the norm of the difference
over the norm. A third run is plain PyTorch with its tensors laid out in another order: it shows how far rounding alone
carries two runs of the same program apart, where two responses in a pooling window are equal but for it.

    python benchmarks/same_as_plain.py
"""

import sys
from contextlib import nullcontext
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.benchmark.likeness import difference
from alexnet.kernels import library
from alexnet.kernels.update import sgd_step
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.network import Network
from alexnet.randomness import Chance

STEPS, BATCH, RATE = 20, 8, 0.01
LIMIT = 1e-4


@dataclass
class Run:
    """What a run leaves behind."""

    logits: list[Tensor]
    gradients: dict[str, Tensor]
    weights: dict[str, Tensor]


def run(*, plain: bool, channels_last: bool = False) -> Run:
    """Take twenty steps."""
    generator = torch.Generator().manual_seed(0)
    network = Network(AlexNet(), seed=0)
    network.set_mean(torch.full((3, 224, 224), 127.5))
    if channels_last:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it
    velocities = {name: torch.zeros_like(value) for name, value in network.named_parameters()}
    result = Run([], {}, {})
    watched = torch.randint(0, 256, (BATCH, 3, 224, 224), dtype=torch.uint8, generator=generator)
    for step in range(STEPS):
        images = torch.randint(0, 256, (BATCH, 3, 224, 224), dtype=torch.uint8, generator=generator)
        labels = torch.randint(0, 1000, (BATCH,), generator=generator)
        network.zero_grad()
        with library.plain() if plain else nullcontext():
            logits = network.train()(images, Chance(0, step, 0, BATCH, BATCH))
            F.cross_entropy(logits, labels).backward()
            for name, value in network.named_parameters():
                assert value.grad is not None
                if step == 0:
                    result.gradients[name] = value.grad.clone()
                with torch.no_grad():
                    sgd_step(value, value.grad, velocities[name], RATE, 0.9, 0.0005)
            with torch.inference_mode():
                result.logits.append(network.eval()(watched))
    result.weights = {name: value.detach() for name, value in network.named_parameters()}
    return result


def compare(name: str, one: Run, other: Run) -> float:
    """Print the largest differences of two runs, and return that of logits and weights."""
    logits = [difference(a, b) for a, b in zip(one.logits, other.logits, strict=True)]
    gradients = max(difference(one.gradients[key], other.gradients[key]) for key in other.gradients)
    weights = max(difference(one.weights[key], other.weights[key]) for key in other.weights)
    print(
        f"{name:36} logits {logits[0]:.1e} after 1 step, {logits[-1]:.1e} after {STEPS}; "
        f"weights {weights:.1e} after {STEPS}; gradients of the first step {gradients:.1e}"
    )
    return max(*logits, weights)


def main() -> int:
    reference = run(plain=True)
    found = compare("kernels beside plain PyTorch", run(plain=False), reference)
    compare("plain PyTorch in another layout", run(plain=True, channels_last=True), reference)
    return int(found > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
