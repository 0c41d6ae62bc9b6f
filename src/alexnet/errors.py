"""What can go wrong that a user can mend.

    AlexNetError
      RecipeError       a recipe, network, stage or setting that does not exist or does not fit (exit code 2)
      RunError          a run directory that is taken, in use, damaged or not writable (2)
      DataError         pictures, labels or data sets that cannot be used (3)
      CheckpointError   a checkpoint or a weight file that cannot be read, written or matched
        DamagedError    a checkpoint that is not what was written
        AbsentWeightsError  published weights that are not on this machine
      DivergedError     numbers that are not finite, of a run or of a network's answers
      ExportError       a network that cannot be written in the format asked for
      SearchError       an index of pictures that is damaged, away, or of another network
      PeerError         another process of the run has ended or gone silent
      Interrupted       a run that a signal asked to stop; it has saved (130 or 143)

Each message is one line: the value, what was expected, what to do next. The command line prints it and
exits with 1 unless another code stands above; anything else is a bug and keeps its traceback. A caller's
mistake in Python is a ValueError.
"""

import difflib
from collections.abc import Iterable


class AlexNetError(Exception):
    """Something that a user can mend; the message says how."""

    exit_code = 1


class RecipeError(AlexNetError):
    """Raised for a recipe, network, stage or setting that does not exist or does not fit."""

    exit_code = 2


class RunError(AlexNetError):
    """Raised for a run directory that is taken, in use, damaged or not writable."""

    exit_code = 2


class DataError(AlexNetError):
    """Raised for pictures, labels or data sets that cannot be used."""

    exit_code = 3


class CheckpointError(AlexNetError):
    """Raised for a checkpoint or a weight file that cannot be read, written or matched."""


class DamagedError(CheckpointError):
    """Raised for a checkpoint that is not what was written: cut, changed, or never one."""


class AbsentWeightsError(CheckpointError):
    """Raised for published weights that are not on this machine: they are fetched only when asked for.

    Args:
        message: how to get them.
        name: of the weights.
    """

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


class DivergedError(AlexNetError):
    """Raised when a loss, a gradient, a weight or a logit is not a finite number; nothing of it is kept."""


class ExportError(AlexNetError):
    """Raised for a network that cannot be written in the format asked for."""


class SearchError(AlexNetError):
    """Raised for an index of pictures that cannot be read or written, is away, or is of another network."""


class PeerError(AlexNetError):
    """Raised where a process has to end because another one did; that one says why.

    Args:
        message: which one, as far as it is known.
        exit_code: with which the command ends.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Interrupted(AlexNetError):  # noqa: N818  # no mistake of anybody's: the run was asked to stop and has saved
    """Raised when a run that was asked to stop has saved and may be resumed.

    Args:
        message: where it stopped.
        exit_code: as a shell has it: 128 and the number of the signal.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def choices(name: str, known: Iterable[str]) -> str:
    """Return the tail of a message about an unknown name: the likely one if there is one, then all of them.

    Args:
        name: that is not known.
        known: names that are.
    """
    known = list(known)
    near = difflib.get_close_matches(
        name[:80], known, n=1
    )  # a text of any length may stand where a name should
    likely = f"did you mean `{near[0]}`? " if near else ""
    return f"{likely}Choices: {', '.join(known)}"


def missing(package: str, extra: str, purpose: str) -> AlexNetError:
    """Return the error for an optional package that is absent: what needs it and how to install it.

    Args:
        package: its name.
        extra: of ours, with which it is installed.
        purpose: what needs it.
    """
    return AlexNetError(f'{purpose} needs {package}, which is not installed: pip install "alexnet[{extra}]"')
