"""What is said of a picture."""

from dataclasses import dataclass, field
from typing import Any, final

from alexnet.errors import DataError
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
