"""What is said of a claim and its experiment at the terminal."""

import re
from typing import TYPE_CHECKING

import click

from alexnet.cli.terminal.showing import say, show

if TYPE_CHECKING:
    from alexnet.claims.claim import Claim
    from alexnet.claims.journal import Record
    from alexnet.claims.running import Workspace


def seconds_of(budget: str | None) -> float | None:
    """Return the seconds of 90s, 30m or 2h; a usage error for anything else."""
    if budget is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", budget.strip())
    if found is None or float(found[1]) == 0:
        raise click.UsageError(f"--budget {budget}: a time such as 30m, 2h or 90s")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def show_rule(claim: "Claim") -> None:
    """Say what the paper says, what is done, and what would agree and disagree."""
    say(f"{claim.title}. {claim.paper}")
    say(f"here: {claim.experiment}")
    say(f"agrees: {claim.agreement}")
    say(f"disagrees: {claim.disagreement}")
    if claim.indirect:
        say(f"indirect: {claim.indirect}")


def show_record(claim: "Claim", record: "Record") -> None:
    """Print what was measured of an arm."""
    from alexnet.claims.report import shown_figure

    words = claim.arm(record.arm).words
    show(
        f"{words}, seed {record.seed}: {shown_figure(record.measured.figure, claim.unit)} ({record.seconds:.0f} s)"
    )


def show_plan(claim: "Claim", workspace: "Workspace", seeds: int) -> None:
    """Print what would be trained and measured."""
    from alexnet.claims.running import missing, resolved_trainings

    for training, resolved in resolved_trainings(claim, workspace):
        pictures = len(resolved.dataset.split("train"))
        show(
            f"{training.name}: {resolved.recipe.network.kind}, {training.epochs:g} epochs of {pictures:,} pictures"
        )
    left = missing(claim, workspace.folder, seeds)
    show(f"{len(left)} of {len(claim.arms) * seeds} arms and seeds are still to be measured")
