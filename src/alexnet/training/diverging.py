"""Runs whose numbers are none any more: stopped before anything is learned from them."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from alexnet.data.batches import Batch, MicroBatch
from alexnet.errors import DivergedError
from alexnet.networks.network import Network
from alexnet.networks.parallel.partition import PartitionedArchitecture


def check_loss(loss: float, network: Network, images: Tensor, part: MicroBatch, step: int) -> None:
    """Check the loss of a step before anything is learned from it.

    Args:
        loss: of the step.
        network: with the weights of the step before.
        images: what it was given, float32, (N, 3, side, side).
        part: where they come from.
        step: the step's number, from 1.
    Raises:
        DivergedError: it is NaN or infinite; the message names step, stage and pictures.
    """
    if not math.isfinite(loss):
        is_whole = not isinstance(network.architecture, PartitionedArchitecture)  # others would not answer
        where = (_first_stage(network, images) if is_whole else None) or "the loss itself"
        raise DivergedError(f"the loss became {loss} at step {step}, first in {where} ({_pictures([part])})")


def raise_if_not_finite(network: Network, batch: Batch, step: int) -> None:
    """Check all gradients of a step before the update.

    Their sum is finite only where every one of them is, and costs one pass over memory and one answer from
    the device.

    Raises:
        DivergedError: one is NaN or infinite; the message names step, stage and pictures.
    """
    gradients = [value.grad for value in network.parameters() if value.grad is not None]
    if math.isfinite(float(torch.stack([gradient.sum() for gradient in gradients]).sum())):
        return
    bad = [
        name
        for name, value in network.named_parameters()
        if value.grad is not None and not bool(value.grad.isfinite().all())
    ]
    if bad:  # the sum of finite numbers may overflow; the backward pass meets the last stage first
        raise DivergedError(
            f"the gradient is no longer finite at step {step}, first in {bad[-1]} ({_pictures(batch.micro_batches)})"
        )


def check_finite(tensors: Mapping[str, Tensor], step: int) -> None:
    """Check weights and velocities by name before they are saved.

    Raises:
        DivergedError: one is NaN or infinite; the message names the tensor.
    """
    for name, value in tensors.items():
        if not math.isfinite(float(value.sum())) and not bool(value.isfinite().all()):
            raise DivergedError(f"{name} is no longer finite at step {step}")


@torch.no_grad()
def _first_stage(network: Network, images: Tensor) -> str | None:
    """Return the first stage whose output is not finite everywhere, dropout left out."""
    names = [stage.name for stage in network.stages]
    outputs = {"the pictures": images, **network.eval().activations(images, *names)}
    return next((name for name, values in outputs.items() if not bool(values.isfinite().all())), None)


def _pictures(parts: Sequence[MicroBatch]) -> str:
    indices = [index for part in parts for index in part.indices.tolist()]
    return f"training pictures {', '.join(map(str, indices[:4]))}{' ...' if len(indices) > 4 else ''}"
