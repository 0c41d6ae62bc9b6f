"""`alexnet.report`: all that there is to say of a run, or of two beside each other, as one page."""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from alexnet.data.dataset import Dataset
from alexnet.errors import AlexNetError, RecipeError, RunError, choices
from alexnet.files import write_text
from alexnet.inference.views import DENSE, Views, check_views
from alexnet.inspection.report.account import Account, check_alike
from alexnet.inspection.report.beside import difference, sections
from alexnet.page.blocks import Block, Code, Page, Paragraph, Section
from alexnet.page.html import to_html
from alexnet.page.markdown import to_markdown
from alexnet.runs.directory import REPORT

FORMATS: Final[Mapping[str, Callable[[Page], str]]] = {"html": to_html, "md": to_markdown}
_SEEN: Final = {1: "the centre seen", DENSE: "the network run over each whole picture"}


def report(
    runs: str | Path | Sequence[str | Path],
    data: str | Path | Dataset | None = None,
    *,
    split: str | None = None,
    output: str | Path | None = None,
    format: str | None = None,
    views: Views = 10,
    device: str = "auto",
    progress: Callable[[int, int], None] = lambda done, total: None,
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Write all that there is to say of a run as one page, or of two runs beside each other.

    Learning curves, errors, classes, confusion, worst mistakes, calibration, filters, data, recipe, environment, and
    the command. An HTML page is complete in itself: no script, and nothing is loaded from elsewhere. The same runs
    and pictures give the same bytes.

    Args:
        runs: a run directory, or two.
        data: pictures of known classes; without, those that the first run was trained on. Where they lie there no
            more, nothing is evaluated, and the page says so.
        split: which of them; without, the test split where there is one, else validation, else train.
        output: the file; without, report.html, or report.md, in the first run's directory.
        format: html or md; without, what the file's name says, else html.
        views: of each picture: see `evaluate`.
        device: where to compute; auto is a CUDA device where there is one.
        progress: called with the pictures done and in all.
        say: is told, in a line, where nothing can be evaluated.
    Returns:
        the file.
    Raises:
        ValueError: they are not one run or two.
        RunError: something is no run, damaged, or for other classes; or its pictures have become others.
        CheckpointError: a run has no network yet, or a damaged one.
        DataError: the split does not exist, a picture cannot be read, or has a class that is not known.
        AlexNetError: the file cannot be written. Nothing of it is, whatever goes wrong.
    """
    paths = [Path(runs)] if isinstance(runs, str | Path) else [Path(run) for run in runs]
    if not 1 <= len(paths) <= 2:
        raise ValueError(f"a report is of one run, or of two, not of {len(paths)}")
    chosen, views = _format(format, output), check_views(views)
    path = Path(output) if output is not None else paths[0] / f"{REPORT}.{chosen}"
    accounts = [Account.of(run, device=device) for run in paths]
    if len(accounts) == 2:
        check_alike(*accounts)
    _check_writable(path)
    pictures = data if data is not None else accounts[0].own_data()
    if pictures is not None:
        accounts = [
            replace(
                account,
                evaluated=account.evaluate(pictures, split=split, views=views, progress=progress),
            )
            for account in accounts
        ]
    elif split is not None:
        raise RunError(f"--split {split} needs pictures, and {paths[0]} knows of none: say --data DATA")
    else:
        say(f"nothing is evaluated: {paths[0]} does not know where its pictures lie now; say --data DATA")
    command = _command(paths, data, split, views, chosen)
    try:
        write_text(path, FORMATS[chosen](_page(accounts, command)))
    except OSError as error:
        raise _unwritable(path, error.strerror) from None
    return path


def _page(accounts: Sequence[Account], command: str) -> Page:
    """Return the page of one run or of two."""
    names = " and ".join(account.name for account in accounts)
    found = accounts[0].evaluated
    introduction: list[Block] = []
    if found:
        seen = _SEEN.get(found.report.views, f"{found.report.views} views averaged")
        said = f"{found.report.data}, {found.report.split}: {found.report.count:,} pictures, {seen}."
        introduction.append(Paragraph(said, quiet=True))
    introduction += difference(accounts)
    *before, commands = sections(accounts)
    made = (Paragraph("This page is made by:"), Code(command))
    last = Section(commands.heading, (*commands.blocks, *made))
    return Page(f"Report of {names}", tuple(introduction), (*before, last))


def _format(format: str | None, output: str | Path | None) -> str:
    """Return the format that is asked for: by its name, or else by the file's ending.

    Raises:
        RecipeError: there is no such format.
    """
    if format is None:
        ending = Path(output).suffix.lower() if output is not None else ""
        return "md" if ending in (".md", ".markdown") else "html"
    if format not in FORMATS:
        raise RecipeError(f"`{format!s:.80}` is no format of a report; {choices(str(format), FORMATS)}")
    return format


def _command(
    paths: Sequence[Path], data: str | Path | Dataset | None, split: str | None, views: Views, chosen: str
) -> str:
    """Return the command that makes this page; where to is nobody's business, and no part of it."""
    words = ["alexnet", "report", *map(str, paths)]
    if data is not None:
        words += ["--data", os.fspath(data.directory if isinstance(data, Dataset) else data)]
    words += ["--split", split] if split is not None else []
    words += ["--views", str(views)] if views != 10 else []
    words += ["--format", chosen] if chosen != "html" else []
    return shlex.join(words)


def _check_writable(path: Path) -> None:
    """Refuse a file that cannot be written, before pictures are evaluated, which may take hours.

    Raises:
        AlexNetError: it lies in no folder that may be written, or is no regular file.
    """
    folder = path.parent
    if not os.path.isdir(folder):
        raise _unwritable(path, f"{folder} is no folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(path, f"{folder} may not be written")
    if os.path.exists(path) and not os.path.isfile(path):
        raise _unwritable(path, "it is no regular file")


def _unwritable(path: Path, why: str | None) -> AlexNetError:
    return AlexNetError(f"{path} cannot be written ({why}): say -o FILE")
