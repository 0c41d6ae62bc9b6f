"""alexnet features: what a stage of a network gives for every picture, as an array."""

from pathlib import Path
from typing import Any

import click

from alexnet.cli.options import PATH, device, extracted


@click.command("features")
@click.argument("run", type=PATH)
@click.argument("data")
@click.option(
    "-o",
    "--output",
    type=PATH,
    default=Path("features"),
    show_default=True,
    metavar="DIR",
    help="Folder to write.",
)
@extracted
@click.option("--parquet", is_flag=True, help="Write DIR/features.parquet too (extra `parquet`).")
@device("auto")
def command(run: Path, data: str, output: Path, parquet: bool, device: str, **options: Any) -> None:
    """Write what a stage of RUN's network gives for every picture of DATA into DIR.

    RUN is a run directory, a checkpoint or a file of weights of another program, or a name of alexnet weights. DATA
    is a data set as alexnet train takes it, or a folder of pictures without classes.

    DIR/features.npy has a row for each picture, maps end to end: numpy.load("DIR/features.npy", mmap_mode="r").
    Beside it lie labels.npy, names.jsonl and header.json, which says what all of it is. The same command goes on where
    it was interrupted. Under torchrun or srun the processes share the pictures; the bytes are the same.
    """
    from alexnet import memory
    from alexnet.cli.terminal.progress import walking
    from alexnet.cli.terminal.showing import say, show
    from alexnet.distributed.group import joined
    from alexnet.search.features.table import write_parquet
    from alexnet.search.features.writing import features

    memory.tune_allocator()  # before the first tensor: this process is our own
    with joined() as processes, walking("features") as progress:
        found = features(run, data, output, device=device, processes=processes, progress=progress, **options)
        if parquet:
            processes.from_first(lambda: write_parquet(found, output / "features.parquet"))
    if processes.is_first:
        header = found.header
        say(
            f"{header.count:,} pictures, {header.stage} of {header.run}: {header.dimension:,} of {header.dtype} each"
        )
        show(str(output))
