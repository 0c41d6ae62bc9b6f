"""Weights that lie in the package itself: a checkpoint, and beside it a card that says what it is.

A card is a JSON object, and all of these are there: "size" and "sha256" of the checkpoint; "network", of the
catalogue; "trained_on", "licence" and "command", texts; "errors", with "top1", a fraction, "top5", a fraction or
null, and "protocol", on which pictures and with which views.
"""

import json
from pathlib import Path
from typing import Any, Final

from alexnet.downloads import Digest, Remote
from alexnet.errors import CheckpointError, choices
from alexnet.files import read_bounded
from alexnet.weights.catalogue import WEIGHTS, ExpectedErrors, PublishedWeights

FOLDER: Final = Path(__file__).parent / "shipped"
_CARD_BYTES: Final = 64 * 2**10


def known(folder: Path = FOLDER) -> dict[str, PublishedWeights]:
    """Return all weights that have a name: those in the package first, then what others publish.

    Args:
        folder: where the package's own lie, each with its card; it may hold none, or not be there.
    Raises:
        CheckpointError: a card is not what the package was made with.
    """
    own = {path.stem: _of_card(path) for path in sorted(folder.glob("*.json"))}
    return own | {name: weights for name, weights in WEIGHTS.items() if name not in own}


def named(name: str) -> PublishedWeights:
    """Return the weights of a name.

    Raises:
        CheckpointError: there are none; the message offers those that there are.
    """
    weights = known()
    if name not in weights:
        raise CheckpointError(f"`{name}` are no weights that are published; {choices(name, weights)}")
    return weights[name]


def _of_card(path: Path) -> PublishedWeights:
    """Read a card."""
    checkpoint = path.with_suffix(".safetensors")
    try:
        card: dict[str, Any] = json.loads(read_bounded(path, _CARD_BYTES))
        errors = card["errors"]
        top5 = None if errors["top5"] is None else float(errors["top5"])
        return PublishedWeights(
            name=path.stem,
            publisher="this package",
            file=Remote(checkpoint.name, int(card["size"]), Digest("sha256", str(card["sha256"]))),
            layout="a checkpoint of alexnet",
            network=str(card["network"]),
            trained_on=str(card["trained_on"]),
            errors=ExpectedErrors(float(errors["top1"]), top5, str(errors["protocol"])),
            licence=str(card["licence"]),
            source=str(card["command"]),
            shipped=checkpoint,
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(
            f"{path} is not the card that the package was made with ({type(error).__name__}: {error}): "
            "install alexnet again"
        ) from error
