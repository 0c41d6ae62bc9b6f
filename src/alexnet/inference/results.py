"""What is said of a picture.

Shapes: N pictures, K classes.
"""

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

from torch import Tensor

from alexnet.errors import DataError, RecipeError
from alexnet.inference.inputs.named import NamedPicture


@final
@dataclass(frozen=True)
class Prediction:
    """One class that a picture may be of."""

    name: str
    """The class as the data set has it."""
    words: str
    """A readable name of the class."""
    probability: float
    """A fraction."""


@final
@dataclass(frozen=True)
class Result:
    """A picture of a stream, and its best classes; or why it has none."""

    source: NamedPicture = field(repr=False)
    """The picture as it was given."""
    predictions: tuple[Prediction, ...] = ()
    """The best first; none where there is an error, or where none is probable enough."""
    error: DataError | None = None
    """Why the picture could not be read."""

    @property
    def picture(self) -> str:
        """What the picture is called."""
        return self.source.name

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON: `picture`, and `classes` or `error`."""
        if self.error is not None:
            return {"picture": self.picture, "error": str(self.error)}
        classes = [
            {"class": one.name, "words": one.words, "probability": one.probability}
            for one in self.predictions
        ]
        return {"picture": self.picture, "classes": classes}


def best_classes(
    probabilities: Tensor, classes: Sequence[str], words: Sequence[str], top: int
) -> list[list[Prediction]]:
    """Return the best classes of pictures, the best first.

    Args:
        probabilities: float32, (N, K).
        classes, words: K names as the data set has them, and readable ones.
        top: how many of each picture; no more than K.
    """
    best = probabilities.topk(min(top, len(classes)), dim=1)
    pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
    return [
        [Prediction(classes[k], words[k], p) for p, k in zip(values, numbers, strict=True)]
        for values, numbers in pairs
    ]


def class_count(top: int) -> int:
    """Return how many classes of a picture are asked for.

    Raises:
        TypeError: it is no whole number.
        RecipeError: it is below 1.
    """
    if isinstance(top, bool):
        raise TypeError(f"top is {top}: expected how many classes, a whole number from 1")
    try:
        number = operator.index(top)
    except TypeError:
        raise TypeError(f"top is {top!r}: expected how many classes, a whole number from 1") from None
    if number < 1:
        raise RecipeError(f"{number} classes a picture cannot be named: top is at least 1")
    return number
