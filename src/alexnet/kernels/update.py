"""The update rule of section 5 in one pass over memory; on a CUDA device, of all tensors of one rate at once."""

import ctypes
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from alexnet.kernels.library import library, pointer, usable


class Update(NamedTuple):
    """What `sgd_step` takes."""

    weight: Tensor
    gradient: Tensor
    velocity: Tensor
    rate: float
    momentum: float
    decay: float


def sgd_steps(updates: Iterable[Update]) -> None:
    """Update tensors in place, each as `sgd_step` does."""
    alike: dict[tuple[float, float, float], list[Update]] = defaultdict(list)
    for update in updates:
        if update.weight.device.type == "cuda":
            alike[update[3:]].append(update)
        else:
            sgd_step(*update)
    for group in alike.values():
        at_once(group)


def sgd_step(
    weight: Tensor, gradient: Tensor, velocity: Tensor, rate: float, momentum: float, decay: float
) -> None:
    """Update one tensor in place: v = momentum v - decay rate w - rate gradient, then w = w + v.

    Args:
        weight, gradient, velocity: float32 of one shape.
    """
    tensors = (weight, gradient, velocity)
    alike = all(tensor.is_contiguous() and tensor.shape == weight.shape for tensor in tensors)
    if not (alike and usable(*tensors)):
        velocity.mul_(momentum).add_(weight, alpha=-decay * rate).add_(gradient, alpha=-rate)
        weight.add_(velocity)
        return
    library().alexnet_update(
        *(pointer(weight), pointer(gradient), pointer(velocity), ctypes.c_int64(weight.numel())),
        *(ctypes.c_float(rate), ctypes.c_float(momentum), ctypes.c_float(decay), torch.get_num_threads()),
    )
    torch.autograd.graph.increment_version([weight, velocity])


def at_once(group: list[Update]) -> None:
    """Update tensors of one rate, momentum and decay: a handful of launches for all of them."""
    weights, gradients = [update.weight for update in group], [update.gradient for update in group]
    velocities = [update.velocity for update in group]
    _, _, _, rate, momentum, decay = group[0]
    torch._foreach_mul_(velocities, momentum)
    torch._foreach_add_(velocities, weights, alpha=-decay * rate)
    torch._foreach_add_(velocities, gradients, alpha=-rate)
    torch._foreach_add_(weights, velocities)
