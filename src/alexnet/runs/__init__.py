"""What a run looks like on the disk: read by everyone, written while it trains.

    directory          who may write it, and what lies in it
    checkpoints        its checkpoints and its best network; checkpoint_writer: written in the background
    journal, curves    a row an epoch, and the same drawn; run_log, trackers: who is told of it
    environment        what its numbers may depend on; origin: where its pictures lay, and the command
    run, listing       a run as a person holds it, and all of them; loading: as a classifier
    tidying            what a finished run no longer needs

The room can be called: `alexnet.runs("runs")` lists the runs below a folder. Python binds a package's name in its
parent when it is imported, so that the function of this name could not live beside it.
"""

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alexnet.runs.run import Run


class _Callable(ModuleType):
    def __call__(self, folder: "str | Path" = "runs") -> "list[Run]":
        """Return the runs in a folder and one level below it: see `alexnet.runs.listing.runs`."""
        from alexnet.runs.listing import runs

        return runs(folder)


sys.modules[__name__].__class__ = _Callable
