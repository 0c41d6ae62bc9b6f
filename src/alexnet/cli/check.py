"""alexnet check: what is wrong with pictures, before days are spent on them."""

import os
import sys
from pathlib import Path

import click

from alexnet.cli.options import as_json, workers


@click.command("check")
@click.argument("data")
@as_json
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a page with thumbnails.",
)
@click.option(
    "--quarantine",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="List what should be left out.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note", "never"]),
    default="error",
    show_default=True,
    help="Exit with 3 if something this bad is found.",
)
@click.option("--run", metavar="RUN", help="List training pictures that look mislabelled by what RUN knows.")
@workers
def command(
    data: str,
    as_json: bool,
    html: Path | None,
    quarantine: Path | None,
    fail_on: str,
    run: str | None,
    workers: int | None,
) -> None:
    """Read every picture of DATA; report what is broken, odd, there twice, in two splits, or out of balance.

    Of a prepared directory, every file is compared with its SHA-256. With --run, labels are doubted and nothing
    else is looked at. The list that --quarantine writes is for
    `alexnet prepare --quarantine`.
    """
    from alexnet.cli.terminal.findings import show_check, show_damages, show_doubted_labels
    from alexnet.cli.terminal.progress import walking
    from alexnet.cli.terminal.showing import say, show_json
    from alexnet.cpu import cores
    from alexnet.data.checking.check import SEVERITIES, check
    from alexnet.data.quarantine import write_quarantine
    from alexnet.data.sources.naming import source_named
    from alexnet.data.storage.card import CARD
    from alexnet.errors import AlexNetError

    if run is not None:
        show_doubted_labels(data, run, quarantine, as_json=as_json)
        return
    if os.path.exists(Path(data) / CARD):
        if show_damages(data, as_json=as_json) and fail_on != "never":
            sys.exit(3)
        return
    for path in (html, quarantine):
        if path and not os.access(path.parent, os.W_OK):  # before pictures are read, which may take hours
            raise AlexNetError(f"{path} cannot be written: {path.parent} is no folder that we may write in")
    source = source_named(data, strict=False)
    with walking("checking") as progress:
        found = check(source, workers=workers or cores(), progress=progress)
    if html:
        from alexnet.data.checking.page import check_page
        from alexnet.files import write_text

        write_text(html, check_page(found, source))
        say(f"page: {html}")
    if quarantine:
        entries = dict(found.quarantine())
        write_quarantine(quarantine, entries.items())
        say(f"quarantine: {len(entries):,} pictures in {quarantine}")
    if as_json:
        show_json(found.to_dict())
    else:
        show_check(found)
    worst = found.worst()
    if worst and fail_on != "never" and SEVERITIES.index(worst) <= SEVERITIES.index(fail_on):
        sys.exit(3)
