"""How results look: tables on a terminal, on standard error what is not a result."""

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from alexnet.data.dataset import Dataset
    from alexnet.training.recipe import Recipe


def say(text: str) -> None:
    """Print a line that is no result, on standard error."""
    print(text, file=sys.stderr, flush=True)


def show_table(table: "Table") -> None:
    """Print a table on standard output; where that is no terminal, as wide as it needs to be."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    console.print(table)


def show_recipe(recipe: "Recipe", dataset: "Dataset") -> None:
    """Print the data, the resolved recipe and the length of the run."""
    from alexnet.training.settings import to_plain
    from alexnet.training.state import Plan

    splits = ", ".join(f"{len(dataset.split(name)):,} {name}" for name in dataset.splits)
    say(f"data: {dataset.name}, {len(dataset.classes):,} classes, {splits}, {dataset.side} pixels")
    if dataset.skipped:
        say(f"      {len(dataset.skipped)} pictures could not be read and are left out")
    say(f"recipe: {recipe.name}")
    for path, value in flat(to_plain(recipe)):
        if path != "name":
            say(f"  {path} = {value}")
    plan = Plan(recipe, len(dataset.split("train")))
    say(f"steps: {plan.total_steps:,}, {plan.steps_per_epoch:,} an epoch")


def flat(plain: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield nested settings as paths and texts, as `--set` takes them."""
    for name, value in plain.items():
        here = f"{path}.{name}" if path else name
        if isinstance(value, Mapping) and value:
            yield from flat(value, here)
        elif isinstance(value, list) and all(isinstance(entry, str | int | float) for entry in value):
            yield here, ",".join(str(entry) for entry in value) or "none"
        else:
            yield here, "none" if value in (None, {}) else str(value)
