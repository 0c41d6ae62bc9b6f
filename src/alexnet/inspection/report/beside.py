"""The sections of a report: of one run as they are, of two in columns beside each other."""

from collections.abc import Callable, Sequence
from typing import Final

import torch

from alexnet.evaluation.comparison import Comparison
from alexnet.inspection.report import sections as parts
from alexnet.inspection.report.account import Account
from alexnet.inspection.report.numbers import class_label
from alexnet.page.blocks import Beside, Block, Folded, Paragraph, Section, Table
from alexnet.settings.paths import flat

Part = Callable[[Account], list[Block]]
_PARTS: Final[tuple[tuple[str, Part], ...]] = (
    ("Errors", lambda account: [*parts.notices(account), *parts.facts(account)]),
    ("Learning curves", parts.curves),
    ("Classes", parts.classes),
    ("Confusion", parts.confusion),
    ("Worst mistakes", parts.mistakes),
    ("Least certain hits", parts.hits),
    ("Calibration", parts.calibration),
    ("First layer", parts.first_kernels),
    ("Data", parts.data),
    ("Recipe", parts.recipe),
    ("Environment", parts.environment),
    ("Commands", parts.training_command),
)
_SHARED: Final = {"Data"}
"""What two runs have in common: they are evaluated on the same pictures."""
_FEWEST: Final = 40
"""Classes of two runs that are shown at once."""


def sections(accounts: Sequence[Account]) -> list[Section]:
    """Return the sections of one run or of two; those that have nothing to say are left out."""
    found = []
    for heading, part in _PARTS:
        if len(accounts) == 1 or heading in _SHARED:
            blocks = part(accounts[0])
        elif heading == "Recipe":
            blocks = _recipes(accounts)
        elif heading == "Classes":
            blocks = _classes(accounts)
        else:
            blocks = _beside(accounts, part)
        if blocks:
            found.append(Section(heading, tuple(blocks)))
    return found


def difference(accounts: Sequence[Account]) -> list[Block]:
    """Say of two runs whether one is better, by the paired test; of one, nothing."""
    right = [torch.from_numpy(one.evaluated.outcomes.right) for one in accounts if one.evaluated]
    if len(right) != 2:
        return []
    first, second = (account.name for account in accounts)
    found = Comparison.of(*right)
    low, high = found.interval
    better = first if found.difference > 0 else second
    decided = f"{better} is better" if low > 0 or high < 0 else "no difference that chance would not make"
    return [
        Paragraph(
            f"The top-1 error of {second} minus that of {first} is {found.difference:+.2%}, 95% interval {low:+.2%} to "
            f"{high:+.2%}, p = {found.p_value:.3g}: {decided}. {found.only_first:,} pictures {first} alone has right, "
            f"{found.only_second:,} {second} alone."
        )
    ]


def _beside(accounts: Sequence[Account], part: Part) -> list[Block]:
    columns = tuple((account.name, tuple(part(account))) for account in accounts)
    return [Beside(columns)] if any(blocks for _, blocks in columns) else []


def _recipes(accounts: Sequence[Account]) -> list[Block]:
    """List the settings in which two recipes differ, and all of both under a fold."""
    first, second = (dict(flat(account.recipe)) for account in accounts)
    names = tuple(account.name for account in accounts)
    rows = tuple((path, first.get(path, ""), second.get(path, "")) for path in first | second)
    different = tuple(row for row in rows if row[1] != row[2])
    said: Block = Table(("setting", *names), different) if different else Paragraph("They are alike.")
    return [said, Folded("Every setting", (Table(("setting", *names), rows),))]


def _classes(accounts: Sequence[Account]) -> list[Block]:
    """List the classes' errors of both, those first in which the runs differ most."""
    found = [account.evaluated.report.per_class for account in accounts if account.evaluated]
    if len(found) != 2:
        return []
    others = {one.name: one for one in found[1]}
    pairs = [(one, others[one.name]) for one in found[0] if one.count]
    pairs.sort(key=lambda pair: -abs(pair[1].top1_error - pair[0].top1_error))
    rows = tuple(
        (
            class_label(one),
            f"{one.count:,}",
            f"{one.top1_error:.2%}",
            f"{other.top1_error:.2%}",
            f"{other.top1_error - one.top1_error:+.2%}",
        )
        for one, other in pairs
    )
    names = tuple(account.name for account in accounts)
    headings = ("class", "pictures", *names, "difference")
    table = Table(headings, rows[:_FEWEST], "Top-1 errors, the most different first.", (1, 2, 3, 4))
    if len(rows) <= _FEWEST:
        return [table]
    every = Table(headings, rows, numbers=(1, 2, 3, 4))
    return [table, Folded(f"All {len(rows):,} classes", (every,))]
