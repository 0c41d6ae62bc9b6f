"""alexnet prepare: pictures, packed once."""

from pathlib import Path

import click

from alexnet.cli.options import PATH, workers


@click.command("prepare")
@click.argument("source")
@click.argument("directory", type=PATH)
@click.option(
    "--side",
    type=click.IntRange(min=8),
    metavar="PIXELS",
    help="Height and width [256; small pictures: their own].",
)
@click.option(
    "--encoding",
    type=click.Choice(["raw", "jpeg"]),
    default="raw",
    show_default=True,
    help="Pixels, the fastest to read, or JPEG, an eighth of the size.",
)
@click.option("--quality", type=click.IntRange(1, 100), default=90, show_default=True, help="Of the JPEGs.")
@workers
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Part that may be unreadable.",
)
@click.option("--quarantine", type=PATH, metavar="FILE", help="Leave out what this lists.")
@click.option(
    "--order",
    type=click.Choice(["sorted", "devkit"]),
    default="sorted",
    show_default=True,
    help="Of ImageNet's classes: by synset, or by the development kit's numbers.",
)
def command(
    source: str,
    directory: Path,
    side: int | None,
    encoding: str,
    quality: int,
    workers: int | None,
    tolerance: float,
    quarantine: Path | None,
    order: str,
) -> None:
    """Prepare the pictures of SOURCE in DIRECTORY: shorter side scaled, central square, packed.

    SOURCE is a name (digits), a directory, an archive, a list of files, hf:owner/name or a remote address. An
    interrupted preparation goes on when the same command is given again. Under torchrun or srun the work is divided.
    """
    from alexnet.cli.terminal.progress import walking
    from alexnet.cli.terminal.showing import say
    from alexnet.cpu import cores
    from alexnet.data.preparation.prepare import prepare
    from alexnet.text import visible

    with walking("preparing") as progress:
        dataset = prepare(
            source,
            directory,
            side=side,
            encoding=encoding,
            quality=quality,
            workers=workers or cores(),
            tolerance=tolerance,
            quarantine=quarantine,
            order=order,
            progress=progress,
        )
    splits = ", ".join(f"{len(dataset.split(name)):,} {name}" for name in dataset.splits)
    say(f"{directory}: {len(dataset.classes):,} classes, {splits}, {dataset.side} pixels")
    for unreadable in dataset.unreadable[:10]:
        say(f"  left out: {visible(unreadable.name)}: {visible(unreadable.reason)}")
    if len(dataset.unreadable) > 10:
        say(f"  and {len(dataset.unreadable) - 10} more: see {directory / 'skipped.jsonl'}")
