"""Claim: fast is the same. Twenty steps of the printed network are those of plain PyTorch, within 1e-4.

From the same weights (section 5) and batches of 32, with the same units dropped: ours by the kernels, and
beside it `nn.Sequential` of stock modules with `torch.optim.SGD`, each going on from its own weights. Logits,
all gradients and all weights are compared at each step: the norm of the difference over the norm. Where
rounding may decide, which units are positive and which response of a window is the largest, the plain network
takes our word; how close to a tie each decision was that it would have made otherwise is held to 1e-4 too.

Then, for the record, both left alone, and plain PyTorch with its tensors laid out in another order: how far
rounding carries two runs of the same program apart.

    python benchmarks/same_as_plain.py
"""

import sys
from contextlib import nullcontext
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet import memory
from alexnet.bench.decisions import decided_alike
from alexnet.bench.likeness import difference
from alexnet.kernels import library
from alexnet.kernels.update import sgd_step
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.network import Network
from alexnet.randomness import StepRandomness

STEPS, BATCH, LIMIT = 20, 32, 1e-4
ALONE, RATE = 8, 0.01  # images a step of those that are left alone


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
    watched = torch.randint(0, 256, (ALONE, 3, 224, 224), dtype=torch.uint8, generator=generator)
    for step in range(STEPS):
        images = torch.randint(0, 256, (ALONE, 3, 224, 224), dtype=torch.uint8, generator=generator)
        labels = torch.randint(0, 1000, (ALONE,), generator=generator)
        network.zero_grad()
        with library.plain() if plain else nullcontext():
            logits = network.train()(images, StepRandomness(0, step, 0, ALONE, ALONE))
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


def compare(name: str, one: Run, other: Run) -> None:
    """Print the largest differences of two runs."""
    logits = [difference(a, b) for a, b in zip(one.logits, other.logits, strict=True)]
    gradients = max(difference(one.gradients[key], other.gradients[key]) for key in other.gradients)
    weights = max(difference(one.weights[key], other.weights[key]) for key in other.weights)
    print(
        f"{name:36} logits {logits[0]:.1e} after 1 step, {logits[-1]:.1e} after {STEPS}; "
        f"weights {weights:.1e} after {STEPS}; gradients of the first step {gradients:.1e}"
    )


def main() -> int:
    """Print what was found; 1 if something is too far."""
    memory.tune_allocator()
    found = decided_alike(steps=STEPS, batch=BATCH)
    print(f"{STEPS} steps, {BATCH} images each, decided alike: the largest difference of any step")
    print(f"  {'logits':12} {max(found.logits):.1e}")
    for name, gradient in found.gradients.items():
        print(f"  {name:12} gradient {gradient:.1e}  after the update {found.weights[name]:.1e}")
    print(
        f"  {found.otherwise} of {found.decisions:,} decisions would have been otherwise, "
        f"about {found.margin:.1e} of their map's root mean square at most"
    )
    print(f"left alone, {ALONE} images a step")
    reference = run(plain=True)
    compare("kernels beside plain PyTorch", run(plain=False), reference)
    compare("plain PyTorch in another layout", run(plain=True, channels_last=True), reference)
    return int(max(found.largest, found.margin) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
