"""What an evaluation found: errors with their intervals, a class at a time too."""

import html
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, final

import torch
from torch import Tensor

from alexnet.evaluation.calibration import Bin
from alexnet.evaluation.paper import PaperTable
from alexnet.inference.views import Views

SCHEMA: Final = 3
"""Version of what `Report.to_dict` gives: raised when a name goes or changes its meaning, not when one is added."""


@final
@dataclass(frozen=True)
class ClassError:
    """How one class fared."""

    name: str
    words: str
    """A readable name of the class."""
    count: int
    """Pictures of this class."""
    top1_error: float
    """A fraction; of no pictures, 0. Equal best answers count as a fair draw among them would."""
    precision: float = 0.0
    """Of the pictures that were taken for this class, the fraction that are of it; of none, 0."""
    recall: float = 0.0
    """Of the pictures of this class, the fraction that were taken for it; of none, 0."""
    f1: float = 0.0
    """The harmonic mean of precision and recall; 0 where both are."""


@final
@dataclass(frozen=True, repr=False)
class Report:
    """Errors of one network, or of several averaged, on the pictures of a split; all errors are fractions.

    What predictions that were read from a file do not tell is NaN; of networks everything is known.
    """

    networks: tuple[str, ...]
    """Where the networks, or their predictions, came from."""
    data: str
    """Name of the data set."""
    split: str
    """Name of the split: train, validation or test."""
    count: int
    """Pictures evaluated: every one of the split, once."""
    unreadable: int
    """Pictures of the split that could not be read when it was prepared, and are in no error."""
    views: Views
    """Views of a picture whose probabilities were averaged; dense: all in the whole picture; 0: not known."""
    top1_error: float
    top1_interval: tuple[float, float]
    """95% confidence interval (Wilson)."""
    top5_error: float
    """Of fewer than six classes it is 0 whatever the network says: see `has_top5`."""
    top5_interval: tuple[float, float]
    """95% confidence interval (Wilson)."""
    loss: float
    """Mean cross-entropy, -log p(label), no p less than 1e-38."""
    per_class: tuple[ClassError, ...]
    macro_precision: float = 0.0
    """Mean of the precisions of the classes that have pictures."""
    balanced_accuracy: float = 0.0
    """Mean of the recalls of the classes that have pictures."""
    macro_f1: float = 0.0
    """Mean of the F1 scores of the classes that have pictures."""
    confusion: tuple[tuple[int, int, int], ...] = ()
    """Pairs that occur: number of the true class in `per_class`, of the best class, and of how many pictures."""
    calibration_error: float = math.nan
    """How far the best class's probability is from how often it is right: expected, over 15 bins of equal mass."""
    calibration_interval: tuple[float, float] = (math.nan, math.nan)
    """95% interval of it, by the bootstrap."""
    temperature: float = math.nan
    """By which logits are divided so that it is least: above 1 where the network is too sure."""
    temperature_pictures: int = 0
    """Pictures that the temperature was fitted on: those of this split, or as many as are kept."""
    calibrated_error: float = math.nan
    """Calibration error of these pictures, one half with the temperature of the other."""
    calibrated_interval: tuple[float, float] = (math.nan, math.nan)
    """95% interval of it, by the bootstrap."""
    calibration: tuple[Bin, ...] = ()
    """The bins, the least sure first."""
    collapse: str = ""
    """Why the answers have nothing to do with the pictures, in one line; empty where they have."""
    average: str = "equal"
    """Which weights the networks have: equal, given, or search:SPLIT, chosen on the pictures of another split."""
    average_weights: tuple[float, ...] = ()
    """Of each network's probabilities in the average: they sum to 1."""
    paper: PaperTable | None = None
    """What the paper reports of the same pictures; None where they are not those of ILSVRC."""

    @property
    def has_top5(self) -> bool:
        """Whether the top-5 error says anything: with fewer than six classes nothing can be missed."""
        return len(self.per_class) > 5 and not math.isnan(self.top5_error)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON, which has no number for what is not finite: None is."""
        return {"schema": SCHEMA, **{name: _plain(value) for name, value in asdict(self).items()}}

    def confusion_matrix(self) -> Tensor:
        """Return how many pictures of each class were taken for each: int64, (K, K), a row a true class."""
        matrix = torch.zeros(len(self.per_class), len(self.per_class), dtype=torch.int64)
        for label, best, count in self.confusion:
            matrix[label, best] = count
        return matrix

    def most_confused(self, count: int = 10) -> list[tuple[ClassError, ClassError, int]]:
        """Return the pairs of a class and another that it was taken for most often, with how often."""
        wrong = [found for found in self.confusion if found[0] != found[1]]
        most = sorted(wrong, key=lambda found: -found[2])[:count]
        return [(self.per_class[label], self.per_class[best], times) for label, best, times in most]

    def __repr__(self) -> str:
        errors = "top-1 error {} ({})".format(*_percents(self.top1_error, self.top1_interval))
        if self.has_top5:
            errors += ", top-5 error {} ({})".format(*_percents(self.top5_error, self.top5_interval))
        warning = f"; {self.collapse}" if self.collapse else ""
        return f"Report: {_title(self)}: {errors}{warning}"

    def _repr_html_(self) -> str:
        """Return the report as a notebook shows it: a table, and the classes with the most errors."""
        rows = [("top-1 error", *_percents(self.top1_error, self.top1_interval))]
        if self.has_top5:
            rows.append(("top-5 error", *_percents(self.top5_error, self.top5_interval)))
        if not math.isnan(self.loss):
            rows.append(("cross-entropy", f"{self.loss:.4f}", ""))
        worst = sorted((found for found in self.per_class if found.top1_error > 0), key=_most_errors)[:10]
        return (
            f"<p>{html.escape(_title(self))}</p>"
            + _table(("", "", "95% interval"), rows)
            + (f"<p><strong>{html.escape(self.collapse)}</strong></p>" if self.collapse else "")
            + _table(
                ("class", "pictures", "top-1 error"),
                [(found.words, f"{found.count:,}", f"{found.top1_error:.2%}") for found in worst],
            )
        )


def _plain(value: Any) -> Any:
    """Return values with None for each number that is not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value


def _title(report: Report) -> str:
    networks = f", {len(report.networks)} networks" if len(report.networks) > 1 else ""
    named: dict[Views, str] = {0: "", 1: ", 1 view"}
    views = named.get(report.views, f", {report.views} views")
    return f"{report.data} {report.split}, {report.count:,} pictures{views}{networks}"


def _percents(error: float, ends: tuple[float, float]) -> tuple[str, str]:
    """Return an error and its interval in percent."""
    return f"{error:.2%}", f"{ends[0]:.2%} to {ends[1]:.2%}"


def _most_errors(found: ClassError) -> float:
    return -found.top1_error


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a table in HTML; none where there are no rows."""
    if not rows:
        return ""
    lines = [
        f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"
        for tag, cells in [("th", headings), *(("td", row) for row in rows)]
    ]
    return f"<table>{''.join(lines)}</table>"
