"""Contestants taking turns: a shared machine's speed drifts by half within minutes, ratios of a round do not."""

import random
import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, final

from alexnet.bench.worker import Worker

WARMING: Final = 2  # steps before the first that counts


@final
@dataclass(frozen=True)
class Times:
    """What was measured: for each contestant the seconds of a step, a number for each round."""

    seconds: Mapping[str, list[float]]
    first_seconds: Mapping[str, float]
    """Until the first step was done, from the start of the contestant: weights, compiling, all."""
    peak_bytes: Mapping[str, int]

    def median(self, contestant: str) -> float:
        """Return a contestant's median seconds."""
        return statistics.median(self.seconds[contestant])

    def spread(self, contestant: str) -> tuple[float, float]:
        """Return the quartiles of a contestant's seconds; with fewer than four rounds, least and most."""
        values = sorted(self.seconds[contestant])
        if len(values) < 4:
            return values[0], values[-1]
        low, _, high = statistics.quantiles(values, n=4)
        return low, high

    def ratio(self, numerator: Callable[[Callable[[str], float]], float]) -> float:
        """Return the median over rounds of a value computed from the seconds of each round."""
        count = min(len(values) for values in self.seconds.values())
        return statistics.median(
            numerator(lambda contestant, i=i: self.seconds[contestant][i])  # type: ignore[misc]  # a default in a lambda has no type
            for i in range(count)
        )


def take_turns(contestants: Mapping[str, int], rounds: int, threads: int, repeat: int = 1) -> Times:
    """Let contestants take steps in turn, in another order each round.

    Args:
        contestants: names, and the batch of each.
        rounds: how many turns each has.
        threads: that each may use.
        repeat: steps a turn at most, of which the fastest counts: a turn of short steps lasts a second.
    """
    order, shuffled = list(contestants), random.Random(0)
    seconds: dict[str, list[float]] = {name: [] for name in order}
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(Worker(name, batch, threads)) for name, batch in contestants.items()
        }
        for worker in workers.values():
            for _ in range(WARMING):
                worker.seconds()
        for _ in range(rounds):
            shuffled.shuffle(order)
            for name in order:
                seconds[name].append(_fastest(workers[name], repeat))
        peaks = {name: worker.peak_bytes() for name, worker in workers.items()}
        return Times(seconds, {name: worker.first_seconds for name, worker in workers.items()}, peaks)


def _fastest(worker: Worker, repeat: int) -> float:
    """Return the seconds of the fastest of some steps, as many as fit into a second; at least one."""
    steps = [worker.seconds()]
    while len(steps) < repeat and sum(steps) < 1.0:
        steps.append(worker.seconds())
    return min(steps)
