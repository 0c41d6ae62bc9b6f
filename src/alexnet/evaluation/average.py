"""How much each network of an average counts: equally, as given, or as a search on other pictures finds.

Shapes: M networks, N pictures, K classes, R classes that may rank above a picture's own.
"""

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import IO, Final, final

import numpy as np
import torch
from torch import Tensor

from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import RecipeError
from alexnet.evaluation.not_finite import NONE, first_not_finite, refuse_not_finite
from alexnet.evaluation.predict import Member, probabilities
from alexnet.inference.views import Views

EQUAL: Final = "equal"
SEARCH: Final = "search:"
STEPS: Final = 20
"""Weights that the search tries are 0, 1 / STEPS ... 1."""
PASSES: Final = 5
"""Rounds over the networks, at most."""
_ROWS: Final = 1024  # pictures that are looked at together


def given_weights(average: str | Sequence[float], count: int) -> tuple[float, ...]:
    """Return the weights of networks as shares that sum to 1.

    Args:
        average: `EQUAL`, or one number a network, 0 or more: as a sequence, or as text between commas.
        count: how many networks there are.
    Raises:
        RecipeError: they are not that; the message says how they are written.
    """
    if average == EQUAL:
        return (1.0 / count,) * count
    parts = average.split(",") if isinstance(average, str) else average
    try:
        found = [float(part) for part in parts]
    except (TypeError, ValueError):
        found = []
    if not found:
        raise RecipeError(
            f"average {average!r} is no weights: write one for each network, 0.5,0.3,0.2, or {SEARCH}SPLIT, or {EQUAL}"
        )
    if len(found) != count:
        raise RecipeError(f"{len(found)} weights, and networks are {count}: give one for each")
    if not all(0 <= weight < math.inf for weight in found) or not any(found):
        raise RecipeError(
            f"weights {', '.join(f'{weight:g}' for weight in found)}: each is 0 or more, and not all are 0"
        )
    total = sum(found)
    return tuple(weight / total for weight in found)


def searched_split(average: str | Sequence[float], split: str) -> str | None:
    """Return the split that weights are to be chosen on, where they are; None where they are equal or given.

    Args:
        average: as `evaluate` takes it.
        split: that is evaluated.
    Raises:
        RecipeError: it is the one that is evaluated.
    """
    if not isinstance(average, str) or not average.startswith(SEARCH):
        return None
    chosen = average.removeprefix(SEARCH)
    if chosen == split:
        raise RecipeError(
            f"weights chosen on {split} would be reported on the same pictures: choose them on another split, or "
            "evaluate another one with --split"
        )
    return chosen


def search_weights(
    members: Sequence[Member],
    numbers: Tensor,
    *,
    views: Views = 10,
    group: ProcessGroup = ALONE,
    sources: Sequence[str] = (),
) -> tuple[float, ...]:
    """Choose the weights with which an average has the least top-5 error, one network after the other.

    All begin at a half. Each in turn takes the value among 0, 0.05 ... 1 with the fewest errors while the others
    stay, until a round changes nothing, five rounds at most. Fewest top-1 errors decide among equals, and count alone
    where there are fewer than six classes; then the value that it had.

    Args:
        members: the networks, and the pictures that the weights are chosen on.
        numbers: of each class of the data its number in the average, int64.
        views: as `probabilities` takes them.
        group: who share the pictures; all get the same weights.
        sources: the networks' names in messages.
    Returns:
        shares that sum to 1.
    Raises:
        DivergedError: a network gives a logit that is not finite.
    Source: the averaging script of the 2012 program, avg-valid.py, whose weights are not divided by their sum.
    """
    members = [replace(member, weight=1.0) for member in members]
    with _Rivals(len(members), members[0].network.architecture.classes, group) as rivals:
        bad = NONE
        for batch in probabilities(members, views=views, group=group):
            bad = first_not_finite(batch, bad)
            rivals.add(batch.by_member, numbers[batch.labels])
        refuse_not_finite(members, bad, views, group, sources)
        weights = [STEPS // 2] * len(members)
        for _ in range(PASSES):
            before = list(weights)
            for number in range(len(members)):
                weights[number] = _best(rivals.errors, weights, number)
            if weights == before:
                break
    return tuple(weight / sum(weights) for weight in weights)


def _best(errors: Callable[[Tensor], list[tuple[float, float]]], weights: list[int], number: int) -> int:
    """Return the best weight of one network, in steps, while the others stay."""
    tried = [[*weights[:number], step, *weights[number + 1 :]] for step in range(STEPS + 1)]
    tried = [one for one in tried if any(one)]
    found = errors(torch.tensor(tried, dtype=torch.float64) / STEPS)
    keys = [(*error, abs(one[number] - weights[number])) for error, one in zip(found, tried, strict=True)]
    return tried[keys.index(min(keys))][number]


@final
class _Rivals:
    """Of each picture the classes that may rank above its own for some weights: the others never do.

    A class to which every network gives less than to the picture's own cannot rank above it, whatever the weights.
    What is left lies in a file that goes with the search, so that memory does not grow with the pictures.
    """

    def __init__(self, networks: int, classes: int, group: ProcessGroup) -> None:
        self._networks, self._classes, self._group = networks, classes, group
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by __exit__
        self._counts: list[np.ndarray] = []

    def __enter__(self) -> "_Rivals":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, by_member: Tensor, labels: Tensor) -> None:
        """Write by how much networks (M, N, K) prefer each rival to the picture's own class."""
        own = by_member.gather(2, labels[None, :, None].expand(len(by_member), -1, 1))
        ahead = by_member - own
        rivals = (ahead >= 0).any(0)
        rivals[torch.arange(len(labels)), labels] = False
        self._counts.append(rivals.sum(1).numpy())
        self._file.write(ahead.permute(1, 2, 0)[rivals].contiguous().numpy().tobytes())

    def _parts(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield how many rivals each of some pictures has, (N,), and by how much each is preferred, (R, M)."""
        self._file.seek(0)
        counts = np.concatenate([*self._counts, np.zeros(0, np.int64)])
        for start in range(0, len(counts), _ROWS):
            here = counts[start : start + _ROWS]
            content = self._file.read(int(here.sum()) * self._networks * 4)
            ahead = np.frombuffer(content, np.float32).reshape(-1, self._networks)
            yield torch.from_numpy(here.astype(np.int64)), torch.from_numpy(ahead.astype(np.float64))

    def errors(self, weights: Tensor) -> list[tuple[float, float]]:
        """Return how many pictures each of some weights (W, M) errs on: among five (0 below six classes), and one."""
        wrong = torch.zeros(len(weights), 2, dtype=torch.float64)
        for counts, ahead in self._parts():
            rows = torch.repeat_interleave(torch.arange(len(counts)), counts)
            sums = ahead @ weights.T  # (R, W)
            above, tied = (
                torch.zeros(len(counts), len(weights), dtype=torch.float64).index_add_(
                    0, rows, found.double()
                )
                for found in (sums > 0, sums == 0)
            )
            for column, top in enumerate((5, 1)):
                right = ((top - above).clamp(min=0) / (tied + 1)).clamp(max=1)
                wrong[:, column] += (1 - right).sum(0)
        if self._classes < 6:
            wrong[:, 0] = 0
        wrong = self._group.add(wrong).round(decimals=6)
        return [(top5, top1) for top5, top1 in wrong.tolist()]
