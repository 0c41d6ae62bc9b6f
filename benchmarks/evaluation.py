"""Claim: of the time that evaluating takes, 0.9 is what the network by itself needs for as many views.

python benchmarks/evaluation.py RUN DATA [--views 10] [--split test] [--rounds 7]

The two take turns, since a shared machine's speed drifts: the network on views that lie ready, as `alexnet bench infer`
measures it, and `alexnet.evaluate` on every picture of the split. What evaluating spends beside the network is said
too: waiting for pictures, counting, and what is computed at the end. Seconds are of the clock, ratios medians of each
round's. The second ratio is of processor time, which programs beside this one change less.
"""

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, final

import torch

import alexnet
from alexnet import memory
from alexnet.data.dataset import Dataset
from alexnet.evaluation import predict
from alexnet.evaluation.counts import Counts
from alexnet.inference.classifier import Classifier
from alexnet.inference.views import VIEWS_AT_ONCE, Views, pictures_at_once

SHARE: Final = 0.9
"""Of an evaluation's time, what is to be inference."""


@final
@dataclass
class Watch:
    """Seconds spent in parts of an evaluation, each part entered by one function."""

    seconds: dict[str, float] = field(default_factory=dict)

    def around(self, owner: object, name: str, part: str) -> None:
        """Add up the seconds that a function takes from now on."""
        inner: Callable[..., Any] = getattr(owner, name)

        def timed(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return inner(*given, **named)
            finally:
                self._add(part, began)

        setattr(owner, name, timed)

    def between(self, owner: object, name: str, part: str) -> None:
        """Add up the seconds that a generator's user waits for what it yields."""
        inner: Callable[..., Iterator[Any]] = getattr(owner, name)

        def timed(*given: Any, **named: Any) -> Iterator[Any]:
            found = inner(*given, **named)
            while True:
                began = time.perf_counter()
                try:
                    item = next(found)
                except StopIteration:
                    return
                finally:
                    self._add(part, began)
                yield item

        setattr(owner, name, timed)

    def _add(self, part: str, began: float) -> None:
        self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - began


def inference_seconds(classifier: Classifier, views: int) -> tuple[float, float]:
    """Return the seconds, and processor seconds, that the network needs for so many views that lie ready."""
    network = classifier.inference_network()
    images = torch.randint(0, 256, (VIEWS_AT_ONCE, 3, *network.mean.shape[1:]), dtype=torch.uint8)
    began, busy = time.perf_counter(), time.process_time()
    with torch.inference_mode():
        for start in range(0, views, VIEWS_AT_ONCE):
            network(images[: min(VIEWS_AT_ONCE, views - start)])
    return time.perf_counter() - began, time.process_time() - busy


def evaluation_seconds(
    classifier: Classifier, data: Dataset, views: Views, split: str
) -> tuple[float, float]:
    """Return the seconds, and processor seconds, of an evaluation."""
    began, busy = time.perf_counter(), time.process_time()
    alexnet.evaluate(classifier, data, views=views, split=split)
    return time.perf_counter() - began, time.process_time() - busy


def main() -> int:
    """Measure, print, and return 1 where the claim does not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("data")
    parser.add_argument("--views", type=int, default=10)
    parser.add_argument("--split", default="test")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    tuned = memory.tune_allocator()
    classifier, data = alexnet.load(given.run), alexnet.open_dataset(given.data)
    count = len(data.split(given.split))
    own = classifier.network.architecture.side
    batch = pictures_at_once(classifier.network, classifier.side, given.views)
    each = VIEWS_AT_ONCE // batch if classifier.side == own else given.views
    print(
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}, "
        f"{tuned}; {count:,} pictures, {given.views} views of which {each} differ"
    )
    watch = Watch()
    inference_seconds(classifier, 4 * VIEWS_AT_ONCE)
    evaluation_seconds(classifier, data, given.views, given.split)
    watch.around(predict, "view_probabilities", "cutting views, network, softmax")
    watch.between(predict, "batches", "waiting for pictures")
    watch.around(Counts, "add", "holding what is to be counted")
    watch.around(Counts, "values", "counting, intervals, calibration, temperature")
    rounds = []
    for _ in range(given.rounds):
        alone = inference_seconds(classifier, count * each)
        rounds.append((alone, evaluation_seconds(classifier, data, given.views, given.split)))
    ratios, busy = (statistics.median(alone[i] / whole[i] for alone, whole in rounds) for i in (0, 1))
    total = sum(whole[0] for _, whole in rounds)
    print(f"network alone: {statistics.median(alone[0] for alone, _ in rounds):.2f} s")
    print(f"evaluation: {statistics.median(whole[0] for _, whole in rounds):.2f} s, of which")
    for part, seconds in watch.seconds.items():
        print(f"  {part}: {seconds / total:.1%}")
    print(f"  the rest: {1 - sum(watch.seconds.values()) / total:.1%}")
    print(f"inference is {ratios:.2f} of it by the clock, {busy:.2f} by processor time")
    print("held" if ratios >= SHARE else "missed", file=sys.stderr)
    return int(ratios < SHARE)


if __name__ == "__main__":
    sys.exit(main())
