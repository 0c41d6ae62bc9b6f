"""alexnet look: what a network has inside, as pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from alexnet.canvas import Canvas

WHAT = ("kernels", "predictions", "maps", "gradient", "patches", "confusion", "calibration", "curves")


@click.command("look")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("what", type=click.Choice(WHAT))
@click.argument("words", nargs=-1, metavar="[STAGE] [PICTURE]")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="SVG or PNG [WHAT.png].",
)
@click.option(
    "--data",
    metavar="DATA",
    help="Pictures of known classes, for all that needs many.",
)
@click.option("--split", help="Which of them [test, else validation].")
@click.option("--mistakes", is_flag=True, help="predictions: only those that are wrong.")
@click.option(
    "--count", type=click.IntRange(1), default=8, show_default=True, help="predictions: how many pictures."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="predictions: of the draw."
)
@click.option(
    "--method",
    type=click.Choice(["gradient", "integrated", "occlusion", "grad-cam"]),
    default="gradient",
    show_default=True,
    help="gradient: how a prediction is explained.",
)
@click.option("--class", "name", metavar="NAME", help="gradient: of this class [the best].")
@click.option("--units", metavar="N,N...", help="patches: of these units [the first twelve].")
@click.option("--normalized", is_flag=True, help="kernels: each scaled by itself.")
@click.option("--grey", is_flag=True, help="kernels: each channel by itself.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, or auto.")
def command(
    run: Path, what: str, words: tuple[str, ...], output: Path | None, device: str, **options: Any
) -> None:
    """Draw what RUN, a run, a checkpoint or a name of alexnet weights, has inside: WHAT is one of

    \b
    kernels [STAGE]             the filters of conv1, or of another layer (figure 3)
    predictions                 pictures of --data with the classes named first (figure 4)
    maps STAGE PICTURE          what a stage gives for a picture
    gradient PICTURE            where in a picture a prediction comes from: --method
    patches STAGE               what of --data excites a stage's units most
    confusion                   which classes of --data are taken for which
    calibration                 whether it is as sure of --data as it is right
    curves                      errors and losses by epoch
    """
    from alexnet.cli.terminal.showing import say
    from alexnet.errors import AlexNetError

    path = output or Path(f"{what}.png")
    canvas = _drawn(run, what, words, device, options)
    try:
        canvas.save(path)
    except OSError as error:
        raise AlexNetError(f"{path} cannot be written: {error.strerror}; give another -o FILE") from None
    say(canvas.description)
    click.echo(path)


def _drawn(run: Path, what: str, words: tuple[str, ...], device: str, options: dict[str, Any]) -> "Canvas":
    """Return the figure that is asked for."""
    from alexnet.inspection.looking import Look

    needed = {"kernels": (0, 1), "predictions": (0, 0), "maps": (2, 2), "gradient": (1, 1), "patches": (1, 1)}
    least, most = needed.get(what, (0, 0))
    if not least <= len(words) <= most:
        raise click.UsageError(
            f"look {what} takes {least if least == most else f'{least} or {most}'} words, not {len(words)}"
        )
    return Look(run, device=device).figure(what, words, **options)
