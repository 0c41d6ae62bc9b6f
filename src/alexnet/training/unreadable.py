"""Pictures that cannot be read while a run goes on: named, counted, left out, and the limit to it.

A picture that cannot be read keeps its row of the batch: it adds nothing to the loss or the gradient, and the mean
is over those that are left. The order of the epoch, the steps and everything random stay as they were, so that
the same pictures missing give the same training, resumed or not; on several processes the same but for rounding.
"""

from collections.abc import Callable
from typing import Final, final

from alexnet.data.batches import Batch
from alexnet.data.preparation.prepare import TOLERANCE
from alexnet.data.split import Split
from alexnet.distributed.group import ProcessGroup
from alexnet.errors import DataError

NAMED: Final = 10  # in an epoch, one by one; the journal counts all


@final
class UnreadablePictures:
    """Say which pictures could not be read, and end the run where they are too many.

    Args:
        split: the training pictures.
        group: the processes that read them.
        say: is given a line for a picture.
    """

    def __init__(self, split: Split, group: ProcessGroup, say: Callable[[str], None]) -> None:
        self._split, self._group, self._say = split, group, say

    def tell(self, batch: Batch, before: int, now: int) -> None:
        """Name the pictures of a batch that could not be read; all processes call it for the same batch.

        Args:
            batch: what this process read of it.
            before: pictures of the epoch that could not be read, before this batch.
            now: and with it.
        Raises:
            DataError: they are more than prepared pictures may be by default.
        """
        if now == before:
            return
        own = [
            f"{self._name(int(part.indices[row]))} ({why})"
            for part in batch.micro_batches
            for row, why in part.unreadable_rows.items()
        ]
        lines = dict.fromkeys(line for lines in self._group.collect(own) for line in lines)
        for line in list(lines)[: max(0, NAMED - before)]:
            self._say(f"left out, as it cannot be read: training picture {line}")
        if before < NAMED < now:
            self._say("and more; the journal counts them (training_unreadable)")
        check_share(now, len(self._split), "training")

    def _name(self, index: int) -> str:
        try:
            return self._split.names[index]
        except DataError:  # the names may be as damaged as the pictures
            return str(index)


def check_share(unreadable: int, count: int, kind: str) -> None:
    """Refuse a split of which too much cannot be read.

    Raises:
        DataError: more than the share that a preparation may leave out by default.
    """
    if unreadable > TOLERANCE * count:
        raise DataError(
            f"{unreadable:,} of {count:,} {kind} pictures could not be read, more than {TOLERANCE:.0%}: put the data "
            "in order (alexnet prepare), and go on with --resume"
        )
