"""What networks refuse of their fields, in the same words."""

from collections.abc import Iterable
from typing import Final

from alexnet.errors import RecipeError, choices

MIDDLE_LAYERS: Final = ("conv2", "conv3", "conv4", "conv5", "fc6", "fc7")
"""What of the paper's network may be left out (section 7)."""
COLUMNS: Final = (1, 2)


def check_input(classes: int, side: int, *, least: int) -> None:
    """Raise RecipeError for a number of classes or an input size that a network cannot have.

    Args:
        classes, side: its fields.
        least: pixels of the smallest input that leaves something for its last pool.
    """
    if classes < 1:
        raise RecipeError(f"a network needs at least one class, not {classes}")
    if side < least:
        raise RecipeError(f"an input of {side} pixels leaves nothing for the last pool: at least {least}")


def check_keep(keep: float) -> None:
    """Raise RecipeError for a probability with which dropout cannot keep a unit."""
    if not 0.0 < keep <= 1.0:
        raise RecipeError(f"dropout cannot keep {keep} of the units: 0 < keep <= 1")


def check_columns(columns: int) -> None:
    """Raise RecipeError for a number of columns that the paper's network does not have."""
    if columns not in COLUMNS:
        raise RecipeError(f"{columns} columns are not built here; choices: 1 or 2 (section 3.2)")


def check_left_out(without: Iterable[str]) -> None:
    """Raise RecipeError for a layer that is not a middle one of the paper's network."""
    for name in without:
        if name not in MIDDLE_LAYERS:
            raise RecipeError(f"`{name}` is not a middle layer; {choices(name, MIDDLE_LAYERS)}")
