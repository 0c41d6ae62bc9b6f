"""Probabilities that are none: every process stops, and the picture and the stage are named."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from alexnet.distributed.group import ProcessGroup
from alexnet.errors import DivergedError
from alexnet.evaluation.predict import Member, PredictedBatch
from alexnet.inference.views import Views, not_finite, view_probabilities

NONE: Final = -1
"""In place of a picture's number where every probability is finite."""


def first_not_finite(batch: PredictedBatch, before: int = NONE) -> int:
    """Return the number of the first picture with probabilities that are no numbers, `before` if that is one."""
    wrong = batch.indices[batch.probabilities.isnan().any(1)]
    return int(wrong[0]) if before == NONE and len(wrong) else before


def refuse_not_finite(
    members: Sequence[Member], bad: int, views: Views, processes: ProcessGroup, sources: Sequence[str]
) -> None:
    """Stop every process where one has seen probabilities that are none.

    Args:
        members: the networks that gave them.
        bad: the first such picture's number in the split, of this process's share; `NONE` where there is none.
        views: that were cut.
        processes: who share the pictures.
        sources: the networks' names in the message.
    Raises:
        DivergedError: there is one; the message names the picture and the stage.
    """
    found = [number for number in processes.collect(bad) if number != NONE]
    if found:
        raise _not_finite(members, min(found), views, sources)


def _not_finite(
    members: Sequence[Member], number: int, views: Views, sources: Sequence[str]
) -> DivergedError:
    """Return the error for the picture of a number, by the first network that has no probabilities for it."""
    images = [member.split.images(np.array([number])) for member in members]
    wrong = [
        bool(view_probabilities(member.network, seen, views).isnan().any())
        for member, seen in zip(members, images, strict=True)
    ]
    first = wrong.index(True) if any(wrong) else 0
    name = members[first].split.names[number]
    return not_finite(members[first].network, images[first], views, sources[first], name)
