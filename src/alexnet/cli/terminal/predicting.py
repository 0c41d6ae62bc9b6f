"""What becomes of a stream of results: shown, sorted, counted, and said in a few lines at the end."""

import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from alexnet.cli.terminal.predictions import ShowResult
from alexnet.cli.terminal.progress import walking
from alexnet.cli.terminal.showing import duration, say
from alexnet.errors import DataError

if TYPE_CHECKING:
    from alexnet.inference.results import Result
    from alexnet.inference.sorting import Sorter

_LONG = 10.0  # seconds, after which the time is told where nobody sits at a terminal, too


@final
@dataclass
class Predicting:
    """Counts what becomes of pictures."""

    show: ShowResult
    sorters: "list[Sorter]"
    bar: bool
    """Whether a bar may tell how far it is."""
    passed: Counter[str] = field(default_factory=Counter)
    """What was passed over, by why."""
    count: int = 0
    failed: int = 0
    first_failure: str = ""
    unsorted: int = 0
    first_unsorted: str = ""

    def pass_over(self, path: str, why: str) -> None:
        """Count what is no picture."""
        self.passed[why] += 1

    def run(self, results: "Iterable[Result]") -> int:
        """Deal with results as they come; return the exit code."""
        began = time.monotonic()
        with walking("predicting", bar=self.bar) as progress:
            for result in results:
                self._deal_with(result)
                self.count += 1
                if self.count % 16 == 0:
                    progress(self.count, None)
        seconds = time.monotonic() - began
        if self.count > 1 and (sys.stderr.isatty() or seconds >= _LONG):
            say(
                f"{self.count:,} pictures in {duration(seconds)}, {self.count / max(seconds, 1e-9):,.0f} images/s"
            )
        for why, count in self.passed.items():
            say(f"alexnet: {count:,} {why}")
        if self.failed:
            say(f"alexnet: {self.failed:,} of {self.count:,} could not be read: {self.first_failure}")
        if self.unsorted:
            say(f"alexnet: {self.unsorted:,} were not copied or linked: {self.first_unsorted}")
        return DataError.exit_code if self.failed or self.unsorted else 0

    def _deal_with(self, result: "Result") -> None:
        self.show(result)
        if result.error is not None:
            self.failed += 1
            self.first_failure = self.first_failure or f"{result.picture}: {result.error}"
            return
        for sorter in self.sorters:
            try:
                sorter.put(result)
            except DataError as error:
                self.unsorted += 1
                self.first_unsorted = self.first_unsorted or str(error)
