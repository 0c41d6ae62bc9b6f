"""Options that several verbs have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

PATH: Final = click.Path(path_type=Path)
as_json: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
workers: Final = click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes that decode [one a core]."
)


def device(default: str) -> Callable[[Any], Any]:
    """Return the option --device: where to compute."""
    return click.option("--device", default=default, show_default=True, help="cpu, cuda, cuda:1, or auto.")


def views(default: str) -> Callable[[Any], Any]:
    """Return the option --views: the centre, corners and centre, these mirrored too, or the whole picture."""
    known = click.Choice(["1", "5", "10", "dense"])
    return click.option("--views", type=known, default=default, show_default=True, help="Views a picture.")


def views_of(text: str) -> int | str:
    """Return the views that `--views` names: a number, or dense."""
    return int(text) if text.isdecimal() else text


def changes(settings: tuple[str, ...]) -> dict[str, str]:
    """Return the settings that `--set A.B=VALUE` changes, by path."""
    from alexnet.errors import RecipeError

    found = {}
    for text in settings:
        path, equals, value = text.partition("=")
        if not equals or not path:
            raise RecipeError(f"--set {text} does not say what to set: write --set training.batch_size=64")
        found[path.strip()] = value.strip()
    return found
