"""Gradients summed over the processes while the backward pass still runs.

DistributedDataParallel does the same for a whole network, but averages, and knows no layer that lives on one
process alone; here the sum is wanted (the loss is a sum over all rows) and divided layers stay out of it.
"""

from collections.abc import Iterable
from typing import Any, Final, final

import torch
import torch.distributed as dist
from torch import Tensor

from alexnet.distributed.group import ProcessGroup, translating_peer_errors

BUCKET: Final = 2**20  # values that are worth a message of their own, 4 MB


@final
class GradientSum:
    """Sum the gradients of parameters that every process holds whole.

    A large gradient is summed in place as soon as it is there, small neighbours are sent in one message.
    Messages go out in one order on every process, the last layer's first.

    Args:
        group: over which to sum; of one alone there is nothing to do.
        parameters: in the order in which the network uses them.
    """

    def __init__(self, group: ProcessGroup, parameters: Iterable[torch.nn.Parameter]) -> None:
        self._buckets = _buckets(list(parameters)[::-1]) if group.is_distributed else []
        self._sums = False
        self._ready: set[torch.nn.Parameter] = set()
        self._sent: list[tuple[Any, Tensor]] = []
        for bucket in self._buckets:
            for parameter in bucket:
                parameter.register_post_accumulate_grad_hook(self._arrived)

    def expect(self) -> None:
        """The next backward pass is the last of the step: send what it completes."""
        self._sums = True

    def finish(self) -> None:
        """Send what has not been sent, and wait until every gradient is the sum over the processes."""
        while len(self._sent) < len(self._buckets):
            self._send(self._buckets[len(self._sent)])
        for bucket, (work, flat) in zip(self._buckets, self._sent, strict=True):
            with translating_peer_errors():
                work.wait()
            if len(bucket) > 1:
                parts = flat.split([parameter.numel() for parameter in bucket])
                for parameter, part in zip(bucket, parts, strict=True):
                    parameter.grad = part.view_as(parameter)
        self._sums = False
        self._ready.clear()
        self._sent.clear()

    def _arrived(self, parameter: Tensor) -> None:
        if not self._sums:
            return
        assert isinstance(parameter, torch.nn.Parameter)
        self._ready.add(parameter)
        while len(self._sent) < len(self._buckets):
            bucket = self._buckets[len(self._sent)]
            if not self._ready.issuperset(bucket):
                return
            self._send(bucket)

    def _send(self, bucket: list[torch.nn.Parameter]) -> None:
        for parameter in bucket:
            if parameter.grad is None:  # this process had no row of the batch
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in bucket if parameter.grad is not None]
        flat = gradients[0] if len(bucket) == 1 else torch.cat([gradient.flatten() for gradient in gradients])
        with translating_peer_errors():
            self._sent.append((dist.all_reduce(flat, async_op=True), flat))


def _buckets(parameters: list[torch.nn.Parameter]) -> list[list[torch.nn.Parameter]]:
    """Cut parameters into runs: a large one alone, small neighbours together up to a bucket's size."""
    buckets: list[list[torch.nn.Parameter]] = []
    filled = BUCKET
    for parameter in parameters:
        if filled + parameter.numel() > BUCKET:
            buckets.append([])
            filled = 0
        buckets[-1].append(parameter)
        filled += parameter.numel()
    return buckets
