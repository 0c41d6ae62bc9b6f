"""What is told of a run to those who watch it: journal, curves, other programs; none of it can end the run."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, final

from alexnet.files import write_text
from alexnet.runs import journal
from alexnet.runs.curves import draw
from alexnet.runs.directory import RunDirectory
from alexnet.runs.journal import Row
from alexnet.runs.trackers import Tracker, numbers

CURVES = "curves.svg"


@final
class RunLog:
    """Tell a run's journal, curves and trackers after each epoch; a context manager that closes trackers.

    What cannot be written, on a full disk for instance, is said once and written at the next epoch: the
    checkpoints hold the rows too. A tracker that fails is said once and told no more.

    Args:
        directory: the run's; of several processes the first one writes.
        trackers: by name.
        say: is given a line when something failed.
    """

    def __init__(
        self, directory: RunDirectory, trackers: dict[str, Tracker], say: Callable[[str], None]
    ) -> None:
        self._directory, self._trackers, self._say = directory, trackers, say
        self._failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in list(self._trackers):
            self._tell(name, lambda tracker: tracker.close())

    def write(self, rows: Sequence[Row]) -> None:
        """Write all that the journal says so far, and draw it.

        Args:
            rows: one an epoch, from the first.
        """
        if not self._directory.writes:
            return
        try:
            journal.write(self._directory.path, rows)
            if rows:
                write_text(self._directory.path / CURVES, draw(rows, self._directory.path.name))
        except OSError as error:
            if not self._failed:
                self._say(
                    f"the journal in {self._directory.path} could not be written ({error.strerror}); "
                    "training goes on"
                )
            self._failed = True
        else:
            self._failed = False

    def tell(self, row: Row) -> None:
        """Tell the trackers the row of an epoch that has ended.

        Args:
            row: with its step.
        """
        for name in list(self._trackers):
            self._tell(name, lambda tracker: tracker.log(numbers(row), int(row["step"])))

    def _tell(self, name: str, act: Callable[[Tracker], None]) -> None:
        try:
            act(self._trackers[name])
        except Exception as error:  # whatever another program raises: it does not end days of training
            del self._trackers[name]
            self._say(f"{name} failed and is told no more ({' '.join(str(error).split())}); training goes on")
