"""Claim: gradients differ from plain PyTorch's no more than those of plain PyTorch in another layout do.

From the same weights, pictures and dropped units, one step's gradients three ways: with the compiled kernels,
plain, and plain with channels last in memory. For each layer the norm of the difference from another over the norm;
with the paper's pools, and with mean pools, which have no winner for rounding to choose.

    python benchmarks/gradients.py
"""

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.bench.likeness import difference
from alexnet.kernels import library
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.layers.pooling import Pool
from alexnet.networks.network import Network
from alexnet.randomness import StepRandomness

IMAGES = 8


def gradients(pools: str, *, plain: bool, channels_last: bool = False) -> dict[str, Tensor]:
    """Return the logits and the gradient of every layer's weights."""
    generator = torch.Generator().manual_seed(0)
    network = Network(AlexNet(), seed=0).train()
    network.set_mean(torch.full((3, 224, 224), 127.5))
    images = torch.randint(0, 256, (IMAGES, 3, 224, 224), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, 1000, (IMAGES,), generator=generator)
    if channels_last:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it
        images = images.to(memory_format=torch.channels_last)
    for stage in network.stages:
        if isinstance(stage.operation, Pool):
            stage.operation.kind = pools
    with library.plain() if plain else nullcontext():
        logits = network(images, StepRandomness(0, 0, 0, IMAGES, IMAGES))
        F.cross_entropy(logits, labels).backward()
    found = {
        name.removesuffix(".weight"): value.grad
        for name, value in network.named_parameters()
        if name.endswith(".weight") and value.grad is not None
    }
    return {"logits": logits.detach(), **found}


def main() -> None:
    """Print a line for each pair."""
    for pools in ("max", "average"):
        plain = gradients(pools, plain=True)
        other = gradients(pools, plain=True, channels_last=True)
        kernels = gradients(pools, plain=False)
        for name, found, expected in (
            ("kernels and plain", kernels, plain),
            ("layouts of plain", other, plain),
            ("kernels and other layout", kernels, other),
        ):
            far = {key: difference(found[key], value) for key, value in expected.items()}
            print(f"{pools:8s} {name:25s}", "  ".join(f"{key} {value:.1e}" for key, value in far.items()))


if __name__ == "__main__":
    main()
