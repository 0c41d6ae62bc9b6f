"""alexnet predict: the best classes of pictures."""

import json
import sys
from pathlib import Path

import click


@click.command("predict")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...")
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="Classes a picture.")
@click.option(
    "--views", type=click.Choice(["1", "10"]), default="1", show_default=True, help="Views a picture."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON lines, as when standard output is no terminal."
)
def command(run: Path, pictures: tuple[str, ...], top: int, views: str, as_json: bool) -> None:
    """Name the best classes of each PICTURE, a file or a folder of them, as RUN sees them.

    A picture that cannot be read is named on standard error, the others are answered, and the exit code is 3.
    """
    from alexnet.cli.showing import say
    from alexnet.errors import DataError
    from alexnet.evaluation.classifier import load

    classifier = load(run)
    as_json = as_json or not sys.stdout.isatty()
    unread = 0
    for path in _files(pictures):
        try:
            guesses = classifier.predict(path, top, views=int(views))[0]
        except DataError as error:
            unread += 1
            say(f"alexnet: {error}")
            continue
        if as_json:
            classes = [
                {"class": guess.name, "words": guess.words, "probability": guess.probability}
                for guess in guesses
            ]
            print(json.dumps({"picture": str(path), "classes": classes}), flush=True)
        else:
            show_guesses(path, [(guess.words, guess.probability) for guess in guesses])
    if unread:
        raise SystemExit(DataError.exit_code)


def _files(pictures: tuple[str, ...]) -> list[Path]:
    """Return the files given, and those of the folders given, in the order of their names."""
    found: list[Path] = []
    for text in pictures:
        path = Path(text)
        if path.is_dir():
            inside = sorted(path.iterdir())
            found += [entry for entry in inside if entry.is_file() and not entry.name.startswith(".")]
        else:
            found.append(path)
    return found


def show_guesses(path: Path, guesses: list[tuple[str, float]]) -> None:
    """Print the best classes of one picture as a table with bars."""
    from rich.table import Table

    from alexnet.cli.showing import show_table

    table = Table(title=str(path), title_justify="left", show_header=False, box=None)
    for words, probability in guesses:
        bar = "█" * round(20 * probability)
        table.add_row(f"{probability:7.2%}", bar.ljust(20), words)
    show_table(table)
