"""What came of the claims, from their journals alone: a table, and for each claim its rule and its figures."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alexnet import files
from alexnet.claims import journal
from alexnet.claims.claim import Claim
from alexnet.claims.experiments import CLAIMS
from alexnet.claims.figures import figure
from alexnet.claims.verdict import NOT_RUN, UNDECIDED, Finding, Outcome, figures, outcome
from alexnet.errors import AlexNetError, RecipeError
from alexnet.page.blocks import Block, Figure, Folded, Page, Paragraph, Section, Table
from alexnet.page.html import to_html
from alexnet.page.markdown import blocks_to_markdown

BEGIN, END = "<!-- claims -->", "<!-- /claims -->"
"""Lines of a Markdown file between which the table is written; the rest stays."""
_SAID: Final = (
    "agrees: the interval lies where the claim agrees, by the rule that was written before; indirect: the same, on "
    "other pictures or at another size than the paper's; undecided: it reaches both sides; disagrees: it lies "
    "outside; not run. Intervals are of 95%: over three seeds or more by Student's t, over fewer by the pictures, "
    "paired (marked *), which does not count how seeds differ."
)


def outcomes(folder: Path) -> list[Outcome]:
    """Return what the journals of a folder say of every claim.

    Raises:
        RunError: a journal cannot be read.
    """
    return [outcome(claim, journal.read(folder, name)) for name, claim in CLAIMS.items()]


def write_report(folder: Path, output: Path | None) -> str:
    """Write what journals say as Markdown or HTML; without a file, only return it.

    An .md file that has the lines of `BEGIN` and `END` keeps what is outside them; the figures go beside the journals.

    Args:
        folder: of the journals.
        output: .md or .html.
    Returns:
        what was written.
    Raises:
        RunError: a journal cannot be read.
        RecipeError: the file's name ends otherwise.
        AlexNetError: it cannot be written.
    """
    found = outcomes(folder)
    if output is None:
        return as_markdown(found, {})
    try:
        if output.suffix == ".html":
            text = to_html(_page(found))
        elif output.suffix == ".md":
            text = _within(output, as_markdown(found, _drawings(found, folder, output.parent)))
        else:
            raise RecipeError(f"{output} is neither .md nor .html")
        files.write_text(output, text)
    except OSError as error:
        raise AlexNetError(f"{output} cannot be written: {error.strerror or error}") from error
    return text


def as_markdown(found: Sequence[Outcome], drawings: dict[str, str]) -> str:
    """Return the table, and each claim that was run under a fold.

    Args:
        found: what came of the claims.
        drawings: addresses of figures, by claim.
    """
    parts: list[str] = [blocks_to_markdown([Paragraph(_SAID), _overview(found)])]
    for one in found:
        if one.verdict == NOT_RUN:
            continue
        parts.append(f"### {one.claim.name}")
        if address := drawings.get(one.claim.name):
            parts.append(f"![{one.claim.title}]({address})")
        parts.append(blocks_to_markdown(_rule(one)))
        parts.append(blocks_to_markdown([Folded("The numbers", (_findings(one), _arms(one)))]))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _page(found: Sequence[Outcome]) -> Page:
    """Return all of it as a page with figures; what was not run has its rule."""
    sections = []
    for one in found:
        blocks: list[Block] = _rule(one)
        if (canvas := figure(one)) is not None:
            blocks.append(Figure(canvas, _arms(one)))
        blocks += [_findings(one)] if one.records else []
        sections.append(Section(one.claim.title, tuple(blocks)))
    return Page(
        "The paper's claims, run again", (_overview(found), Paragraph(_SAID, quiet=True)), tuple(sections)
    )


def _overview(found: Sequence[Outcome]) -> Table:
    rows = []
    for one in found:
        claim, shown = one.claim, [item for item in one.findings if item.value is not None]
        measured = "".join(_measured(claim, item) for item in shown[:1])
        more = f"; {len(shown) - 1} more below" if len(shown) > 1 else ""
        left = len(one.findings) - len(shown)
        verdict = f"{one.verdict}, {left} of {len(one.findings)} not run" if shown and left else one.verdict
        published = next(
            (item.contrast.published for item in one.findings if item.contrast.published), "no figure"
        )
        seeds = str(max((item.seeds for item in shown), default=0) or "")
        date = max((record.date for record in one.records), default="")
        rows.append((claim.name, published, measured + more, seeds, verdict, date))
    return Table(("claim", "the paper", "here", "seeds", "verdict", "date"), tuple(rows), numbers=(3,))


def _rule(one: Outcome) -> list[Block]:
    """Return what the paper says, what was done, what would agree and disagree, and what is to be known of it."""
    claim = one.claim
    said = [
        f"{claim.title}: {one.verdict}.",
        claim.paper,
        f"Here: {claim.experiment}",
        f"Agrees: {claim.agreement} Disagrees: {claim.disagreement}",
    ]
    if claim.indirect:
        said.append(f"Indirect: {claim.indirect}")
    if one.verdict == UNDECIDED and any(item.verdict == NOT_RUN for item in one.findings):
        said.append("Some of its arms have not been run yet.")
    data = "; ".join(sorted({record.data for record in one.records}))
    machines = "; ".join(sorted({record.machine for record in one.records}))
    commands = "; ".join(sorted({record.command for record in one.records}))
    if one.records:
        said.append(f"Pictures: {data}. Machine: {machines}. Command: {commands}")
    return [Paragraph(text) for text in said]


def _findings(one: Outcome) -> Table:
    rows = [
        (
            item.contrast.name,
            item.contrast.published or "no figure",
            shown_number(item.value, one.claim.unit, ratio=item.contrast.ratio),
            _shown_interval(one.claim, item),
            str(item.seeds or ""),
            item.verdict,
        )
        for item in one.findings
    ]
    return Table(("what is compared", "the paper", "here", "95% interval", "seeds", "verdict"), tuple(rows))


def _arms(one: Outcome) -> Table:
    rows = []
    for arm in one.claim.arms:
        found = figures(one.records, arm.name)
        seconds = sum(record.seconds for record in one.records if record.arm == arm.name)
        mean = shown_figure(sum(found) / len(found), arm.measure.unit) if found else "not run"
        each = ", ".join(shown_figure(value, arm.measure.unit) for value in found) if len(found) > 1 else ""
        rows.append((arm.words, mean, each, f"{seconds:,.0f}" if found else ""))
    return Table(("arm", "mean", "each seed", "seconds"), tuple(rows), numbers=(3,))


def _measured(claim: Claim, item: Finding) -> str:
    number = shown_number(item.value, claim.unit, ratio=item.contrast.ratio)
    interval = _shown_interval(claim, item)
    return f"{item.contrast.name}: {number}{f' ({interval})' if interval else ''}"


def _shown_interval(claim: Claim, item: Finding) -> str:
    if item.interval is None:
        return ""
    low, high = (shown_number(end, claim.unit, ratio=item.contrast.ratio) for end in item.interval)
    return f"{low.split()[0]} to {high}{'*' if item.by_pictures else ''}"


def shown_figure(figure: float, unit: str) -> str:
    """Return a figure of an arm as it is read."""
    if not math.isfinite(figure):
        return "not reached"
    return f"{figure:.2%}" if unit == "percent" else f"{figure:.3g} {unit}"


def shown_number(value: float | None, unit: str, *, ratio: bool = False) -> str:
    """Return the number of a contrast as it is read: points for percent."""
    if value is None:
        return "not run"
    if not math.isfinite(value):
        return "not reached"
    if ratio:
        return f"{value:.2f} times"
    return f"{100 * value:+.2f} points" if unit == "percent" else f"{value:.3g} {unit}"


def _drawings(found: Sequence[Outcome], folder: Path, beside: Path) -> dict[str, str]:
    """Write the figures beside the journals; return their addresses from a page in another folder."""
    addresses = {}
    for one in found:
        if (canvas := figure(one)) is not None:
            path = folder / f"{one.claim.name}.svg"
            canvas.save(path)
            addresses[one.claim.name] = Path(os.path.relpath(path, beside)).as_posix()
    return addresses


def _within(output: Path, text: str) -> str:
    """Return a file's text with what is between the marks replaced; of a new file, the text alone."""
    if not os.path.exists(output):
        return f"# The paper's claims, run again\n\n{text}"
    whole = files.read_bounded(output).decode("utf-8")
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise RecipeError(f"{output} is there, and has no lines {BEGIN} and {END} to write between")
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"
