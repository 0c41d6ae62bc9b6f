"""What networks are trained for: the costs of the 2012 program, summed over images.

Shapes: N images, K classes. `values` are what the network gives before the softmax or the logistic function;
`labels` are class numbers, int64 (N,), or what part of an image each class has, (N, K); for costs of several labels,
zeros and ones.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet.errors import RecipeError
from alexnet.networks.layers.layer import window_sums

_FLOOR: Final = -50.0  # the program's logarithm of 0


@final
@dataclass(frozen=True)
class Cost:
    """A cost of a network."""

    name: str
    """Its name in the definition."""
    kind: str
    """One of `COSTS`."""
    stages: tuple[str, ...]
    """Whose values it takes."""
    coefficient: float = 1.0
    """What it counts in the sum of costs; 0 switches it off."""
    size: int = 1
    """msm: how many classes a set has; tica: height and width of a window."""
    best: int = 1
    """logreg: how many of the best classes count in the second error it reports."""
    compared: tuple[float, float] = (1.0, -1.0)
    """sum2-of-labels: what the labels, zeros and ones, and what the values count in the sum that is squared."""


def objective(costs: Sequence[Cost], values: Mapping[str, Tensor], labels: Tensor) -> Tensor:
    """Return the sum over costs of coefficient times cost, summed over images: what training lowers."""
    total = labels.new_zeros((), dtype=torch.float32)
    for cost in costs:
        if cost.coefficient:
            taken = tuple(values[name] for name in cost.stages)
            total = total + cost.coefficient * COSTS[cost.kind](cost, taken, labels)
    return total


def reported_errors(values: Tensor, labels: Tensor, best: int) -> tuple[Tensor, Tensor]:
    """Count the top-1 and top-k errors as the program does: ties share the credit.

    Returns:
        for each image its two errors, 0 to 1, (N,): a right answer that is tied with t - 1 others for the last
        places among the best counts as a part of one.
    """
    own = values.gather(1, labels[:, None])
    greater, tied = (values > own).sum(1), (values == own).sum(1)
    credits = [((k - greater).clamp(min=0) / tied).clamp(max=1.0) for k in (1, best)]
    return 1.0 - credits[0], 1.0 - credits[1]


def targets(labels: Tensor, like: Tensor) -> Tensor:
    """Return labels as zeros and ones (N, K)."""
    if labels.dim() == 2:
        return labels.to(like.dtype)
    return F.one_hot(labels, like.shape[1]).to(like.dtype)


def _logreg(cost: Cost, values: tuple[Tensor, ...], labels: Tensor) -> Tensor:
    x = values[0].flatten(1)
    return F.cross_entropy(x, labels if labels.dim() == 1 else targets(labels, x), reduction="sum")


def _crossent(cost: Cost, values: tuple[Tensor, ...], labels: Tensor) -> Tensor:
    logarithms = values[0].flatten(1).log_softmax(1)
    return -(targets(labels, logarithms) * _floored(logarithms)).sum()


def _crossent2(cost: Cost, values: tuple[Tensor, ...], labels: Tensor) -> Tensor:
    x = values[0].flatten(1)
    t = targets(labels, x)
    return -(t * _floored(F.logsigmoid(x)) + (1 - t) * _floored(F.logsigmoid(-x))).sum()


def _crossent2_of_probabilities(cost: Cost, values: tuple[Tensor, ...], labels: Tensor) -> Tensor:
    y = values[0].flatten(1)
    t = targets(labels, y)
    least = 1e-22  # its logarithm lies below the floor
    return -(t * y.clamp(min=least).log() + (1 - t) * (1 - y).clamp(min=least).log()).sum()


def _robust(cost: Cost, values: tuple[Tensor, ...], labels: Tensor) -> Tensor:
    y = values[0].flatten(1)
    return (y - targets(labels, y)).square().log1p().sum()


def _squares(cost: Cost, values: tuple[Tensor, ...], labels: Tensor) -> Tensor:
    return values[0].square().sum()


def _squares_of_labels(cost: Cost, values: tuple[Tensor, ...], labels: Tensor) -> Tensor:
    """Return the sum of (t - y)^2, whose slope is -2 (t - y), of labels t and values y; t takes no gradient."""
    y = values[0].flatten(1)
    of_labels, of_values = cost.compared
    return (of_labels * targets(labels, y) + of_values * y).square().sum()


def _gated_squares(cost: Cost, values: tuple[Tensor, ...], labels: Tensor) -> Tensor:
    gate, x = values
    return (gate.flatten(1) * x.flatten(1).square().view(len(x), gate.flatten(1).shape[1], -1).sum(2)).sum()


def _tica(cost: Cost, values: tuple[Tensor, ...], labels: Tensor) -> Tensor:
    """Report the sum of reciprocals of the windows' norms; the gradient is x times the windows' reciprocals."""
    x = values[0]
    before, after = cost.size // 2, cost.size - 1 - cost.size // 2

    def sums(maps: Tensor) -> Tensor:
        return window_sums(F.pad(maps, (before, after) * 2), cost.size)

    reciprocals = 1.0 / (0.001 + sums(x.detach().square()).sqrt())
    pull = (x * (x * sums(reciprocals)).detach()).sum()
    return reciprocals.sum() + pull - pull.detach()


def _sets(cost: Cost, values: tuple[Tensor, ...], labels: Tensor) -> Tensor:
    """Return -log of the probability that the label's class is in the set of classes that is drawn.

    A set of exactly k classes is likely in proportion to exp(sum of its values); in double precision.
    """
    if labels.dim() == 2:
        raise RecipeError(
            "a cost over sets of classes (msm) takes one class a picture: mix no pictures for it"
        )
    energies = values[0].flatten(1).double()
    own = energies.gather(1, labels[:, None])[:, 0]
    others = energies.masked_fill(F.one_hot(labels, energies.shape[1]).bool(), _NEVER)
    with_label = own + set_weights(others, cost.size - 1)[:, cost.size - 1]
    return (set_weights(energies, cost.size)[:, cost.size] - with_label).sum().to(values[0].dtype)


_NEVER: Final = -1e30  # an energy with which a class is in no set; infinity would spoil gradients


def set_weights(energies: Tensor, size: int) -> Tensor:
    """Return the logarithm of the summed weights of all sets of 0, 1 ... `size` classes: (N, size + 1).

    Halves of the classes are joined pairwise: sets of k are sets of i of one half and k - i of the other.
    """
    none = torch.full_like(energies, 0.0)
    never = torch.full(
        (*energies.shape, max(0, size - 1)), _NEVER, dtype=energies.dtype, device=energies.device
    )
    table = torch.cat([none[..., None], energies[..., None], never], 2)[..., : size + 1]  # (N, K, size + 1)
    while table.shape[1] > 1:
        if table.shape[1] % 2:
            empty = torch.full_like(table[:, :1], _NEVER)
            empty[..., 0] = 0.0
            table = torch.cat([table, empty], 1)
        left, right = table[:, ::2], table[:, 1::2]
        sums = [
            torch.logsumexp(left[..., : k + 1] + right[..., : k + 1].flip(-1), -1) for k in range(size + 1)
        ]
        table = torch.stack(sums, -1)
    return table[:, 0]


COSTS: Final[dict[str, Callable[[Cost, tuple[Tensor, ...], Tensor], Tensor]]] = {
    "logreg": _logreg,
    "crossent": _crossent,
    "crossent2": _crossent2,
    "crossent2-of-probabilities": _crossent2_of_probabilities,
    "rflickr": _robust,
    "msm": _sets,
    "sum2": _squares,
    "sum2-of-labels": _squares_of_labels,
    "gsum2": _gated_squares,
    "tica": _tica,
}


def _floored(logarithms: Tensor) -> Tensor:
    """Return logarithms no lower than the program's, with the gradient that they would have had."""
    return logarithms + (logarithms.clamp(min=_FLOOR) - logarithms).detach()
