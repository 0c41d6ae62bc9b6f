"""Signs of life: what tells which process of a run has gone silent.

A process that is stopped, or whose machine is gone, breaks no connection: the others only wait. So each writes
into the store where they met, once a second, how long it has lived and how often it has spoken to the others.
"""

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

BEAT: Final = 1.0  # seconds between signs
LATE: Final = 5  # beats behind ours that say that a process is silent
ANSWER: Final = 5.0  # seconds within which the store has to tell


@final
@dataclass(frozen=True)
class Sign:
    """What a process last said of itself."""

    rank: int
    beats: int
    spoken: int


@final
class Heartbeat:
    """Write this process's signs of life, and read the others'.

    Args:
        store: where the processes have met: anything with `set`, `get` and `check`.
        rank: this process's number.
        count: how many there are.
    """

    def __init__(self, store: Any, rank: int, count: int) -> None:
        self._store, self._rank, self._count = store, rank, count
        self._beats = self._spoken = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def spoke(self) -> None:
        """Count a conversation that this process begins."""
        self._spoken += 1

    def end(self) -> None:
        """Write no more signs."""
        self._ended.set()
        self._thread.join(ANSWER)  # a store whose process is gone does not answer

    def missing(self) -> str | None:
        """Say which processes do not answer; None where all seem to, or the store is gone too."""
        found: list[Sign] = []
        reader = threading.Thread(target=self._read, args=(found,), daemon=True)
        reader.start()
        reader.join(ANSWER)
        return described(Sign(self._rank, self._beats, self._spoken), found)

    def _run(self) -> None:
        while True:
            try:
                self._store.set(f"sign {self._rank}", f"{self._beats} {self._spoken}")
            except Exception:  # whatever a store raises whose process is gone: the conversations will tell
                return
            if self._ended.wait(BEAT):
                return
            self._beats += 1

    def _read(self, found: list[Sign]) -> None:
        with contextlib.suppress(Exception):  # as above
            for rank in range(self._count):
                if rank != self._rank and self._store.check([f"sign {rank}"]):
                    beats, spoken = self._store.get(f"sign {rank}").split()
                    found.append(Sign(rank, int(beats), int(spoken)))


def described(own: Sign, others: Sequence[Sign]) -> str | None:
    """Say which of the others are silent, or where none is, which live but have not come as far as we have."""
    silent = [sign for sign in others if own.beats - sign.beats > LATE]
    if silent:
        which = ", ".join(f"process {s.rank} for {(own.beats - s.beats) * BEAT:.0f} s" for s in silent)
        return f"no sign of life of {which}"
    behind = [sign for sign in others if sign.spoken < own.spoken]
    if behind:
        return f"process {' and '.join(str(sign.rank) for sign in behind)} lives and does not answer"
    return None
