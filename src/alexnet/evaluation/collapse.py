"""A network that has learned nothing, or lost what it had: errors alone do not say which.

Shapes: K classes.
"""

from typing import Final

from alexnet.evaluation.metrics import Tally, entropy

FEWEST: Final = 20
"""Pictures below which answers that are all alike may be chance."""
SHARE: Final = 0.98
"""Of the pictures that get the same answer, from which on it is nearly everything."""
NEAR: Final = 0.02
"""How near to the labels' entropy, as a fraction of it, a cross-entropy says no more than they do."""


def collapse(tally: Tally, classes: tuple[str, ...]) -> str:
    """Say, in one line, that a network's answers have nothing to do with the pictures; empty where they have.

    Two signs count: one class is the answer to nearly everything, though the labels are not nearly all alike; or the
    cross-entropy is the entropy of the labels, which the same probabilities for every picture reach, and hardly
    more pictures are right than by naming the most frequent class always.

    Args:
        tally: of a whole split.
        classes: their names, in the order of the tally, K of them.
    """
    if tally.count < FEWEST:
        return ""
    commonest = float(tally.class_counts.max()) / tally.count
    answered = float(tally.class_answers.max()) / tally.count
    if answered >= SHARE and answered > (1 + commonest) / 2:
        number = int(tally.class_answers.argmax())
        right = float(tally.class_counts[number]) / tally.count
        return (
            f"it answers {classes[number]!r} for {answered:.0%} of the pictures, and {right:.0%} are of that class: it "
            "has learned nothing, or has collapsed; train anew at a lower rate"
        )
    least = entropy(tally.class_counts)
    if abs(tally.loss - least) <= NEAR * least and tally.top1_error >= 0.9 * (1 - commonest) > 0:
        return (
            f"its cross-entropy, {tally.loss:.3f}, is that of the same answer for every picture, {least:.3f}: it has "
            "learned nothing, or has collapsed; train longer, or anew at another rate"
        )
    return ""
