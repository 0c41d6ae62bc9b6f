"""alexnet prepare: pictures, packed once."""

from pathlib import Path

import click


@click.command("prepare")
@click.argument("source")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--side", type=click.IntRange(min=8), metavar="PIXELS", help="Height and width [256; small pictures: 32]."
)
def command(source: str, directory: Path, side: int | None) -> None:
    """Prepare the pictures of SOURCE in DIRECTORY: shorter side scaled, central square, packed.

    An interrupted preparation goes on when the same command is given again.
    """
    from alexnet.cli.showing import say
    from alexnet.data.named import natural_side, source_named
    from alexnet.data.prepare import prepare

    opened = source_named(source)
    dataset = prepare(opened, directory, side=side if side is not None else natural_side(opened))
    splits = ", ".join(f"{len(dataset.split(name)):,} {name}" for name in dataset.splits)
    say(f"{directory}: {len(dataset.classes):,} classes, {splits}, {dataset.side} pixels")
    for skipped in dataset.skipped[:10]:
        say(f"  left out: {skipped.name}: {skipped.reason}")
    if len(dataset.skipped) > 10:
        say(f"  and {len(dataset.skipped) - 10} more: see {directory / 'skipped.jsonl'}")
