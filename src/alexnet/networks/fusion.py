"""Stages that one kernel does together: rectification, response normalisation and pooling after a convolution.

The values are those of the stages one by one but for rounding; what lies between them is never written to
memory. A stage whose value is asked for, or read twice, or that has hooks, is not fused away.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import final

from torch import Tensor, nn

from alexnet.kernels import response
from alexnet.kernels.response import Response
from alexnet.networks.layers.convolution import Convolution
from alexnet.networks.layers.layer import Layer, Shape
from alexnet.networks.layers.neurons import Neuron
from alexnet.networks.layers.normalization import ResponseNormalization
from alexnet.networks.layers.pooling import Pool, WindowPool
from alexnet.networks.stage import Stage


def fused(stages: Sequence[Stage], kept: Collection[str]) -> list[Stage]:
    """Return the same stages, neighbours put together where one kernel does them.

    Args:
        stages: in order.
        kept: names of stages whose values are wanted.
    """
    readers = [name for stage in stages for name in stage.inputs]
    result: list[Stage] = []
    run: list[Stage] = []
    before = 0
    for stage in stages:
        last = run[-1].name if run else ""
        read_once = readers.count(last) == 1 and last not in kept
        rank = _rank(stage.operation, before)
        if run and not (read_once and stage.inputs == (last,) and rank > before > 0):
            result.append(_one(run))
            run, rank = [], _rank(stage.operation, 0)
        run.append(stage)
        before = rank
    return result + ([_one(run)] if run else [])


def _rank(operation: Layer, before: int) -> int:
    """Return the rank of an operation in a fused run, which goes upward; 0 begins a run of its own.

    `before` is the rank of the one before: a rectification follows the convolution, or comes last.
    """
    if hooked(operation):
        return 0
    match operation:
        case Convolution() if operation.activation in ("relu", "identity"):
            return 1
        case Neuron() if operation.function.name == "relu":
            return 2 if before == 1 else 5
        case ResponseNormalization() if operation.size % 2 == 1:
            return 3
        case Pool(kind="max", size=3, stride=2) | WindowPool(kind="max", size=3, stride=2, start=0, count=0):
            return 4
    return 0


def hooked(operation: nn.Module) -> bool:
    """Whether somebody wants to be called when this very module is: torch's own pruning is done so."""
    kinds = (
        operation._forward_hooks,
        operation._forward_pre_hooks,
        operation._backward_hooks,
        operation._backward_pre_hooks,
    )
    return any(kinds)


def _one(stages: Sequence[Stage]) -> Stage:
    """Put stages together under the name of the last."""
    if len(stages) == 1 and _rank(stages[0].operation, 0) not in (3, 4):
        return stages[0]
    fused = FusedStages([stage.operation for stage in stages])
    return replace(stages[-1], operation=fused, inputs=stages[0].inputs)


@final
class FusedStages(Layer):
    """A run of stages: an optional convolution, normalisation, pool and rectification, in this order."""

    def __init__(self, operations: Sequence[Layer]) -> None:
        super().__init__()
        self.operations = operations
        self.response = Response()
        self.separate = False
        for operation in operations:
            match operation:
                case Convolution():
                    self.response = replace(self.response, rectify_before=operation.activation == "relu")
                case ResponseNormalization():
                    self.response = replace(operation.response(), rectify_before=self.response.rectify_before)
                case Pool() | WindowPool():
                    self.response = replace(
                        self.response, pool=True, shared=isinstance(operation, WindowPool)
                    )
                case Neuron() if self.response.pool:
                    self.response = replace(self.response, rectify_after=True)
                case Neuron() if self.response.normalize:
                    self.separate = True  # the kernel rectifies before normalising, or after pooling
                case Neuron():
                    self.response = replace(self.response, rectify_before=True)

    def shape(self, *inputs: Shape) -> Shape:
        shape = inputs[0]
        for operation in self.operations:
            shape = operation.shape(shape)
        return shape

    def forward(self, x: Tensor) -> Tensor:
        first = self.operations[0]
        if self.separate:
            return _in_turn(self.operations, x)
        if not isinstance(first, Convolution):
            return self.respond(x)
        if not (self.response.pool or self.response.normalize):
            return first.rectified(x)
        return self.respond(first.linear(x))

    def respond(self, x: Tensor) -> Tensor:
        """Do all that follows the convolution, if there is one, from what it gives before its activation function."""
        if response.supports(x, self.response):
            return response.respond(x, self.response, self._respond_plainly)
        return self._respond_plainly(x)

    def _respond_plainly(self, x: Tensor) -> Tensor:
        first, *rest = self.operations
        return _in_turn(rest, first.activate(x) if isinstance(first, Convolution) else first(x))


def _in_turn(operations: Sequence[Layer], x: Tensor) -> Tensor:
    for operation in operations:
        x = operation(x)
    return x
