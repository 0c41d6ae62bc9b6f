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


def extracted(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of what is taken of each picture: stage, views, pooled, dtype, split, labelled."""
    stage = click.option("--stage", default="last hidden", show_default=True, help="The stage that gives it.")
    views = click.option(
        "--views",
        type=click.Choice(["1", "5", "10"]),
        default="1",
        show_default=True,
        callback=lambda context, parameter, text: int(text),
        help="Views a picture, averaged.",
    )
    pooled = click.option("--pool", "pooled", is_flag=True, help="Average maps over rows and columns.")
    dtype = click.option(
        "--dtype", type=click.Choice(["float16", "float32"]), default="float16", show_default=True
    )
    for option in (unlabelled, split, dtype, pooled, views, stage):
        command = option(command)
    return command


split: Final = click.option(
    "--split", type=click.Choice(["train", "validation", "test"]), help="Only these pictures [all]."
)
unlabelled: Final = click.option(
    "--no-classes",
    "labelled",
    is_flag=True,
    default=True,
    flag_value=False,
    help="No folder of DATA names a class.",
)
