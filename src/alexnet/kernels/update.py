"""The update rule of section 5 in one pass over memory."""

import ctypes

import torch
from torch import Tensor

from alexnet.kernels.library import library, pointer, usable


def sgd_step(
    weight: Tensor, gradient: Tensor, velocity: Tensor, rate: float, momentum: float, decay: float
) -> None:
    """Update one tensor in place: v = momentum v - decay rate w - rate gradient, then w = w + v.

    Args:
        weight, gradient, velocity: float32 of one shape.
    """
    tensors = (weight, gradient, velocity)
    if not (usable(*tensors) and all(tensor.is_contiguous() for tensor in tensors)):
        velocity.mul_(momentum).add_(weight, alpha=-decay * rate).add_(gradient, alpha=-rate)
        weight.add_(velocity)
        return
    library().alexnet_update(
        *(pointer(weight), pointer(gradient), pointer(velocity), ctypes.c_int64(weight.numel())),
        *(ctypes.c_float(rate), ctypes.c_float(momentum), ctypes.c_float(decay), torch.get_num_threads()),
    )
    torch.autograd.graph.increment_version([weight, velocity])
