"""What is written of a run for those who watch it: the journal and the curves; none of it can end the run."""

from collections.abc import Callable, Sequence
from typing import final

from alexnet import journal
from alexnet.files import write_text
from alexnet.journal import Row
from alexnet.training.curves import draw
from alexnet.training.directory import RunDirectory

CURVES = "curves.svg"


@final
class Watching:
    """Write a run's journal and curves after each epoch.

    What cannot be written, on a full disk for instance, is said once and written at the next epoch: the
    checkpoints hold the rows too.

    Args:
        directory: the run's.
        say: is given a line when writing failed.
    """

    def __init__(self, directory: RunDirectory, say: Callable[[str], None]) -> None:
        self._directory, self._writes, self._say = directory.path, directory.writes, say
        self._failed = False

    def write(self, rows: Sequence[Row]) -> None:
        """Write all that there is to say so far; of several processes the first one does."""
        if not self._writes:
            return
        try:
            journal.write(self._directory, rows)
            if rows:
                write_text(self._directory / CURVES, draw(rows, self._directory.name))
        except OSError as error:
            if not self._failed:
                self._say(
                    f"the journal in {self._directory} could not be written ({error.strerror}); training goes on"
                )
            self._failed = True
        else:
            self._failed = False
