"""What is counted, as Prometheus reads it: ten metrics are some lines of text, and need no library.

Every series is known from the start and is one number of a row, so that several processes, each with a row of its own
in shared memory, are told as one by whichever of them is asked.

Source: the meanings are those of Triton's metrics (nv_inference_request_success and the others).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

PROTOCOLS: Final = ("v1", "huggingface", "v2")
OUTCOMES: Final = (
    "answered", "refused", "unreadable", "too_large", "queue_full", "deadline", "disconnected", "failed",
)  # fmt: skip
BATCH_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128)
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@final
@dataclass(frozen=True)
class _Family:
    """A metric: its name, its kind, what it is, and the labels of its series."""

    name: str
    kind: str
    about: str
    series: tuple[str, ...] = ("",)
    """Labels as Prometheus writes them, `{outcome="answered"}`; of a histogram its upper bounds."""


def _labelled(**values: Sequence[str]) -> tuple[str, ...]:
    found = [""]
    for label, choices in values.items():
        found = [f'{before}{"," if before else ""}{label}="{value}"' for before in found for value in choices]
    return tuple(f"{{{text}}}" for text in found)


FAMILIES: Final = (
    _Family(
        "requests_total",
        "counter",
        "Requests by protocol and outcome.",
        _labelled(protocol=PROTOCOLS, outcome=OUTCOMES),
    ),
    _Family("request_seconds", "histogram", "From the head of a request to its answer.", tuple(map(str, SECONDS))),
    _Family(
        "images_total", "counter", "Pictures by outcome.", _labelled(outcome=("answered", "unreadable"))
    ),
    _Family("batch_size", "histogram", "Pictures of a batch.", tuple(map(str, BATCH_SIZES))),
    _Family("batch_failures_total", "counter", "Batches that failed inside."),
    _Family("queue_seconds_total", "counter", "Seconds that pictures have waited for the network, summed."),
    _Family("compute_seconds_total", "counter", "Seconds that the network has computed."),
    _Family("pending_images", "gauge", "Pictures that are admitted and not answered."),
    _Family("decoder_restarts_total", "counter", "Decoding processes that were started in place of another."),
    _Family("reloads_total", "counter", "Changed runs by outcome.", _labelled(outcome=("taken", "refused"))),
    _Family("ready", "gauge", "Processes that answered a real picture lately and are not shutting down."),
)  # fmt: skip


def _columns() -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for family in FAMILIES:
        series = (*family.series, "+Inf", "sum") if family.kind == "histogram" else family.series
        for labels in series:
            found[family.name, labels] = len(found)
    return found


_COLUMN: Final = _columns()
WIDTH: Final = len(_COLUMN)
"""Numbers of a row."""


@final
class Metrics:
    """The counts of one process, in its row of those of all.

    Args:
        rows: float64, (processes, WIDTH), shared where there are several; without it one row.
        row: of this process.
    """

    def __init__(self, rows: np.ndarray | None = None, row: int = 0) -> None:
        self._rows = np.zeros((1, WIDTH)) if rows is None else rows
        self._own = self._rows[row]

    def add(self, name: str, value: float = 1.0, **labels: str) -> None:
        """Add to a counter: its name without the package's, and its labels in their order."""
        self._own[_COLUMN[name, _text(labels)]] += value

    def set(self, name: str, value: float) -> None:
        """Set a gauge."""
        self._own[_COLUMN[name, ""]] = value

    def observe(self, name: str, value: float) -> None:
        """Add a value to a histogram."""
        bounds = BATCH_SIZES if name == "batch_size" else SECONDS
        bound = next((str(bound) for bound in bounds if value <= bound), "+Inf")
        self._own[_COLUMN[name, bound]] += 1
        self._own[_COLUMN[name, "sum"]] += value

    def total(self, name: str, **labels: str) -> float:
        """Return a counter or a gauge, of all processes."""
        return float(self._rows[:, _COLUMN[name, _text(labels)]].sum())

    def text(self) -> str:
        """Return all of them in Prometheus's text format."""
        return "\n".join(self._lines(self._rows.sum(0))) + "\n"

    def _lines(self, values: np.ndarray) -> Iterator[str]:
        for family in FAMILIES:
            name = f"alexnet_{family.name}"
            yield f"# HELP {name} {family.about}"
            yield f"# TYPE {name} {family.kind}"
            if family.kind == "histogram":
                yield from _histogram(name, family, values)
            else:
                for labels in family.series:
                    yield f"{name}{labels} {values[_COLUMN[family.name, labels]]:.10g}"


def _histogram(name: str, family: _Family, values: np.ndarray) -> Iterator[str]:
    count = 0.0
    for bound in (*family.series, "+Inf"):
        count += values[_COLUMN[family.name, bound]]
        yield f'{name}_bucket{{le="{bound}"}} {count:.10g}'
    yield f"{name}_sum {values[_COLUMN[family.name, 'sum']]:.10g}"
    yield f"{name}_count {count:.10g}"


def _text(labels: dict[str, str]) -> str:
    return (
        f"{{{','.join(f'{name}={value!r}' for name, value in labels.items())}}}".replace("'", '"')
        if labels
        else ""
    )
