"""alexnet predict: the best classes of pictures."""

import os
import sys
from pathlib import Path

import click

from alexnet.cli.options import PATH, device, views, views_of


@click.command("predict")
@click.argument("run", type=PATH)
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...")
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="Classes a picture.")
@views("1")
@device("cpu")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON lines, as when standard output is no terminal."
)
def command(run: Path, pictures: tuple[str, ...], top: int, views: str, device: str, as_json: bool) -> None:
    """Name the best classes of each PICTURE, a file or a folder with pictures in it or below, as RUN sees them.

    RUN is a run directory, a checkpoint or a file of weights of another program, a name of alexnet weights, a folder
    of alexnet convert --to hub, or hf:owner/name, a network of the Hub that has been fetched.

    A picture that cannot be read is named on standard error, the others are classified all the same, and the
    exit code is 3.
    """
    from alexnet.cli.terminal.showing import say, show_json
    from alexnet.errors import DataError
    from alexnet.weights.loading import load

    classifier = load(run, device=device)
    as_json = as_json or not sys.stdout.isatty()
    unreadable = 0
    for path in files_of(pictures):
        try:
            predictions = classifier.predict(path, top, views=views_of(views))[0]
        except DataError as error:
            unreadable += 1
            say(f"alexnet: {error}")
            continue
        if as_json:
            classes = [
                {"class": prediction.name, "words": prediction.words, "probability": prediction.probability}
                for prediction in predictions
            ]
            show_json({"picture": path, "classes": classes})
        else:
            show_predictions(path, [(prediction.words, prediction.probability) for prediction in predictions])
    if unreadable:
        raise SystemExit(DataError.exit_code)


def files_of(pictures: tuple[str, ...]) -> list[str]:
    """Return the files given, and the pictures below the folders given, in the order of their names."""
    from alexnet.data.sources import folders
    from alexnet.data.sources.files.trees import Directory
    from alexnet.errors import DataError

    found: list[str] = []
    for text in pictures:
        if os.path.isdir(text):
            inside, _ = folders.pictures(Directory(text), "")
            if not inside:
                raise DataError(f"{text} holds no pictures")
            found += [os.path.join(text, path) for path in inside]
        else:
            found.append(text)
    return found


def show_predictions(path: str, predictions: list[tuple[str, float]]) -> None:
    """Print the best classes of one picture as a table with bars."""
    from rich.table import Table

    from alexnet.cli.terminal.showing import show_table
    from alexnet.text import visible

    table = Table(title=visible(path), title_justify="left", show_header=False, box=None)
    for words, probability in predictions:
        bar = "█" * round(20 * probability)
        table.add_row(f"{probability:7.2%}", bar.ljust(20), visible(words))
    show_table(table)
