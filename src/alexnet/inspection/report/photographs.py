"""Pictures of a split as a report shows them: what the network sees, and what it says of it."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from alexnet.data.decoding.images import square_pixels
from alexnet.data.views import center_view
from alexnet.inspection.report.account import Account, Evaluated
from alexnet.page.blocks import Tile, Tiles
from alexnet.page.pictures import photograph

SIDE: Final = 224
"""Pixels of a picture's side at most: more than it is shown at, for sharp screens."""
PAIRS: Final = 8
"""Pairs of classes that have a picture."""
LETTERS: Final = 40
"""Of a name, at most."""


def tiles(account: Account, rows: Sequence[int]) -> Tiles:
    """Return pictures of a split with what the network says of them.

    Args:
        account: of a run that was evaluated.
        rows: numbers of pictures in the split.
    Raises:
        DataError: a picture cannot be read.
    """
    assert account.evaluated is not None
    found = tuple(_tile(account, account.evaluated, row) for row in rows)
    return Tiles(found, ("class", "named", "probability of its class", "picture"))


def confused_tiles(account: Account) -> Tiles:
    """Return for each of the pairs that are confused most the picture that is so with the most confidence.

    Raises:
        DataError: a picture cannot be read.
    """
    assert account.evaluated is not None
    wrong = [found for found in account.evaluated.report.confusion if found[0] != found[1]]
    most = sorted(wrong, key=lambda found: -found[2])[:PAIRS]
    outcomes = account.evaluated.outcomes
    return tiles(account, [outcomes.surest(label, best) for label, best, _ in most])


def _tile(account: Account, evaluated: Evaluated, row: int) -> Tile:
    outcomes, words = evaluated.outcomes, account.classifier.words
    label, best = (short(words[int(numbers[row])]) for numbers in (outcomes.labels, outcomes.best))
    split, right = evaluated.dataset.split(evaluated.report.split), bool(outcomes.right[row])
    lines = (
        label,
        f"{'named so' if right else f'taken for {best}'}, {outcomes.confidence[row]:.1%}",
        f"its class {outcomes.own[row]:.1%}",
        short(split.names[row].rpartition("/")[2]),
    )
    view = center_view(split.images(np.array([row])), account.classifier.network.architecture.side)[0, 0]
    pixels = view.permute(1, 2, 0).contiguous().numpy()
    if max(pixels.shape[:2]) > SIDE:
        pixels = square_pixels(pixels, SIDE).transpose(1, 2, 0)
    said = "named so" if right else f"taken for {best}"
    return Tile((photograph(pixels),), f"A picture of {label}, {said}", lines)


def short(text: str) -> str:
    """Return the first of several names, cut where it is long."""
    first = text.split(",")[0]
    return first if len(first) <= LETTERS else f"{first[: LETTERS - 1]}…"
