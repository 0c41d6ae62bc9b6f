"""alexnet demo: the whole way on the digits that the package holds, in about a minute."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alexnet.cli.options import PATH

if TYPE_CHECKING:
    from alexnet.data.dataset import Dataset


@click.command("demo")
@click.option("--run", type=PATH, metavar="DIR", help="Run directory [runs/demo].")
@click.option("--quiet", "-q", is_flag=True, help="Say only what matters.")
def command(run: Path | None, quiet: bool) -> None:
    """Train a small network on hand-written digits, evaluate it with ten views, and let it read some.

    Nothing is downloaded. The digits that it reads were not trained on.
    """
    from alexnet.cli.terminal.predictions import show_predictions
    from alexnet.cli.terminal.report import show_report
    from alexnet.cli.terminal.showing import say
    from alexnet.data.named import open_dataset
    from alexnet.evaluation.evaluate import evaluate
    from alexnet.launch.launch import fresh_run
    from alexnet.launch.train import train
    from alexnet.weights.loading import load

    directory = run if run is not None else fresh_run("demo")
    say("Training a network of three convolutional layers on hand-written digits.")
    run_name = shlex.quote(str(directory))
    train("digits", "digits", directory, quiet=quiet, tune=True)
    digits = open_dataset("digits")
    show_report(evaluate(directory, digits, views=10), every_class=False)
    pictures = _written(digits, directory / "pictures")
    classifier = load(directory)
    for path in pictures:
        show_predictions(
            str(path),
            [(prediction.words, prediction.probability) for prediction in classifier.predict(path, 3)[0]],
        )
    say(
        f"""
The network is in {directory}. What to type next:
  alexnet predict {run_name} {shlex.quote(str(pictures[0]))}
  alexnet evaluate {run_name} --data digits --views 1
  alexnet train PICTURES                    PICTURES holds a folder for each class
  alexnet --help"""
    )


def _written(digits: "Dataset", directory: Path) -> list[Path]:
    """Write the first held-out picture of five classes as PNG files, named by what they show."""
    import numpy as np
    from PIL import Image

    held_out = digits.split("validation")
    directory.mkdir(exist_ok=True)
    paths = []
    for label in (0, 2, 4, 5, 7):
        first = np.flatnonzero(held_out.labels == label)[:1]
        pixels = held_out.images(first)[0].permute(1, 2, 0).numpy()
        path = directory / f"a-{digits.classes[label]}.png"
        Image.fromarray(pixels).save(path)
        paths.append(path)
    return paths
