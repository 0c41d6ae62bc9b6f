"""Where a run came from: the pictures, and the command. What is shown later, of the same pictures, finds them by it."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, final

from alexnet.checkpoint_metadata import nested_too_deep
from alexnet.data.dataset import Dataset
from alexnet.data.storage.card import CARD
from alexnet.errors import RunError
from alexnet.files import read_bounded, write_text

ORIGIN: Final = "origin.json"


@final
@dataclass(frozen=True)
class Origin:
    """Where a run's pictures lay when it was begun or last went on, and what it was begun with."""

    data: str
    """Name of the data set."""
    directory: str
    """Where it lay, prepared: an absolute path."""
    fingerprint: str
    """A hash of its pictures and labels."""
    command: tuple[str, ...] = ()
    """The words of the command that began the run, or that would have; none where it cannot be typed."""

    @classmethod
    def of(cls, dataset: Dataset, command: Sequence[str] = ()) -> Self:
        """Return the origin of a run on a data set."""
        directory = os.path.abspath(dataset.directory)
        return cls(dataset.name, directory, dataset.fingerprint, tuple(command))

    @classmethod
    def read(cls, run: Path) -> Self | None:
        """Read what a run directory says of it; None of a run that was begun before it was recorded.

        Raises:
            RunError: it cannot be read, or is not what a run writes.
        """
        plain = read_record(run, ORIGIN)
        if plain is None:
            return None
        texts = [plain.get(name) for name in ("data", "directory", "fingerprint")]
        command = plain.get("command")
        if not all(isinstance(text, str) for text in texts) or not _is_texts(command):
            raise _damaged(run / ORIGIN, "a text is missing")
        data, directory, fingerprint = map(str, texts)
        return cls(data, directory, fingerprint, tuple(map(str, command or ())))

    def write(self, run: Path) -> None:
        """Write it into a run directory.

        Raises:
            OSError: it cannot be written.
        """
        plain = {
            "data": self.data,
            "directory": self.directory,
            "fingerprint": self.fingerprint,
            "command": list(self.command),
        }
        write_text(run / ORIGIN, json.dumps(plain, indent=2) + "\n")

    def dataset(self) -> Dataset | None:
        """Open the pictures where they lay; None where they do no more.

        Raises:
            RunError: others lie there.
            DataError: what lies there is damaged.
        """
        if not os.path.exists(os.path.join(self.directory, CARD)):
            return None
        found = Dataset.open(self.directory)
        if found.fingerprint != self.fingerprint:
            raise RunError(
                f"{self.directory} no longer holds the pictures that the run was trained on: say --data DATA"
            )
        return found


def read_record(run: Path, name: str) -> Mapping[str, Any] | None:
    """Read what a run wrote as one JSON object; None where there is no such file.

    Args:
        run: the run directory.
        name: of the file.
    Raises:
        RunError: it cannot be read, or holds something else.
    """
    path = run / name
    try:
        plain: object = json.loads(read_bounded(path).decode("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())[:120]
        raise _damaged(path, str(why)) from None
    if not isinstance(plain, dict):
        raise _damaged(path, "it is no object")
    if nested_too_deep(plain):
        raise _damaged(path, "it is nested too deep")
    return plain


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _damaged(path: Path, why: str) -> RunError:
    return RunError(f"{path} is not what a run writes ({why}): the run is damaged")
