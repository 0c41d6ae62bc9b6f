"""alexnet search build: an index of pictures."""

from pathlib import Path
from typing import Any

import click

from alexnet.cli.options import PATH, changes, device, extracted


@click.command("build")
@click.argument("run", type=PATH)
@click.argument("data")
@click.option("-o", "--output", type=PATH, required=True, metavar="INDEX", help="Folder of the index.")
@click.option("--kind", default="exact", show_default=True, metavar="KIND", help="How it is looked through.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting of that kind.")
@extracted
@device("auto")
def build(
    run: Path, data: str, output: Path, kind: str, settings: tuple[str, ...], device: str, **options: Any
) -> None:
    """Build INDEX, an index of the pictures of DATA as RUN's network sees them.

    RUN is a run directory, a checkpoint or a name of alexnet weights. DATA is a data set as alexnet train takes it, a
    folder of pictures without classes, or a folder that alexnet features wrote.

    KIND is exact: every vector is compared, read where it lies by any number of processes; or codes: short binary
    codes of an auto-encoder, as the paper proposes; or ivf or hnsw, which FAISS searches; or the address of a database:
    postgresql://user@host:5432/database?table=pictures with pgvector, qdrant://host:6333/collection, or
    qdrant:///folder/collection. Of all but exact, what they miss of the nearest is measured and said. An index that is
    there is replaced once the new one is complete.
    """
    import time

    from alexnet import memory
    from alexnet.cli.terminal.progress import walking
    from alexnet.cli.terminal.showing import duration, say, show
    from alexnet.search import build as built
    from alexnet.search.measures import measure

    memory.tune_allocator()  # before the first tensor: this process is our own
    begun = time.monotonic()
    with walking("building") as progress:
        index = built(
            run,
            data,
            output,
            kind=kind,
            options=changes(settings),
            device=device,
            progress=progress,
            **options,
        )
    with index:
        say(f"{index!r} in {duration(time.monotonic() - begun)}")
        if (measures := measure(index.index)) is not None:
            say(str(measures))
    show(str(output))
