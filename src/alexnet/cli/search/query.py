"""alexnet search query: the pictures of an index that are most like others."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alexnet.cli.options import PATH, device

if TYPE_CHECKING:
    from alexnet.search import PictureIndex
    from alexnet.search.results import Answer


@click.command("query")
@click.argument("index", type=PATH)
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...")
@click.option(
    "-k", "count", type=click.IntRange(min=1), default=12, show_default=True, help="How many of each."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON lines, as when standard output is no terminal."
)
@click.option("-o", "--output", type=PATH, metavar="FILE", help="Contact sheet: .html, .png or .svg.")
@click.option("--explain", is_flag=True, help="Sheet: what of a neighbour is not like the picture, darker.")
@click.option("--data", metavar="DATA", help="Sheet: the pictures of the index [where they were last used].")
@click.option("--run", type=PATH, help="Of the network of the index [where it was last used].")
@device("cpu")
def query(
    index: Path,
    pictures: tuple[str, ...],
    count: int,
    as_json: bool,
    output: Path | None,
    explain: bool,
    data: str | None,
    run: Path | None,
    device: str,
) -> None:
    """Find the pictures of INDEX that are most like each PICTURE, a file or a folder with pictures in it or below.

    Distances are Euclidean, between the vectors that the network's stage gives. A picture of the index that is the
    same picture, perhaps saved once more, is marked: duplicate. One that cannot be read is named on standard error,
    the others are looked for all the same, and the exit code is 3.
    """
    from alexnet.cli.terminal.matches import show_matches
    from alexnet.cli.terminal.showing import say, show, show_json
    from alexnet.errors import DataError
    from alexnet.inference.inputs.arguments import pictures as named
    from alexnet.search import open as opened
    from alexnet.search.results import Answer, check_sheet

    if output is not None:
        check_sheet(output)
    as_json = as_json or not sys.stdout.isatty()
    answers, unreadable = list[Answer](), 0
    with opened(index, run=run, device=device) as found:
        for picture in named(*pictures):
            try:
                answer = Answer(picture.name, tuple(found.query(picture.given(), count)[0]))
            except DataError as error:
                unreadable += 1
                say(f"alexnet: {error}")
                continue
            if output is not None:
                answers.append(answer)
            elif as_json:
                show_json(answer.to_dict())
            else:
                show_matches(answer, found.index.metric)
        if output is not None:
            _write(found, answers, output, data, explain)
            show(str(output))
    if unreadable:
        raise SystemExit(DataError.exit_code)


def _write(
    index: "PictureIndex", answers: "list[Answer]", output: Path, data: str | None, explain: bool
) -> None:
    """Write the contact sheet, and say what could not be shown."""
    from alexnet.cli.terminal.showing import say
    from alexnet.search.results import write_sheet

    for warning in write_sheet(index, answers, output, data=data, explain=explain):
        say(warning)
