"""The model card, README.md: what was learned, from which pictures, how, with which errors, and where it ends."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, final

from alexnet.checkpoint import Checkpoint
from alexnet.evaluation.metrics import interval
from alexnet.evaluation.report import Report
from alexnet.inference.classifier import Classifier
from alexnet.page.blocks import Block, Code, Folded, Page, Paragraph, Section, Table
from alexnet.page.markdown import to_markdown
from alexnet.runs.journal import is_number
from alexnet.runs.origin import Origin
from alexnet.sharing.timm_names import timm_name
from alexnet.weights.catalogue import PublishedWeights
from alexnet.weights.shipped import known

_CLASSES: Final = 50
"""Classes that the card names; config.json has all of them."""


@final
@dataclass(frozen=True)
class Measured:
    """Errors, and of what."""

    pictures: str
    """Of which they are."""
    views: str
    top1: float
    """A fraction."""
    top5: float | None = None
    """A fraction; None where there are fewer than six classes, or nobody measured it."""
    count: int | None = None
    """Pictures; None where that is not known, and so no interval."""
    said: str = ""
    """What a reader should know of it."""

    @classmethod
    def of_report(cls, report: Report) -> Self:
        """Return what an evaluation found."""
        top5 = report.top5_error if report.has_top5 else None
        return cls(
            f"{report.data}, {report.split}", str(report.views), report.top1_error, top5, report.count,
            report.collapse,
        )  # fmt: skip

    def row(self) -> tuple[str, ...]:
        """Return it as a row of the card's table."""
        ends = "not known" if self.count is None else _interval(self.top1, self.count)
        top5 = "" if self.top5 is None else f"{self.top5:.2%}"
        count = "not known" if self.count is None else f"{self.count:,}"
        return (self.pictures, self.views, count, f"{self.top1:.2%}", ends, top5)


def errors_of(run: str | Path | Classifier, found: Checkpoint, report: Report | None) -> list[Measured]:
    """Return what is known of the errors of a network: measured, of its journal, or as its publisher states them.

    Raises:
        RunError, DataError: the pictures of the run are others now, or damaged.
    """
    if report is not None:
        return [Measured.of_report(report)]
    if isinstance(run, Classifier):
        return []
    published = known().get(os.fspath(run)) if not os.path.exists(run) else None
    if published is not None:
        return [_stated(published)]
    rows = [row for row in found.history if is_number(row.get("validation_top1_error"))]
    if not rows:
        return []
    best = min(rows, key=lambda row: float(row["validation_top1_error"]))
    top5 = best.get("validation_top5_error")
    training: Any = found.recipe.get("training", {})
    return [
        Measured(
            f"{found.data.get('name', 'its pictures')}, validation",
            str(training.get("validation_views", "not known")),
            float(best["validation_top1_error"]),
            float(top5) if top5 is not None and is_number(top5) and len(found.classes) > 5 else None,
            _validation_count(Path(run), best),
            "The epoch was chosen by this error, which is therefore a little lower than that of new pictures.",
        )
    ]


def _stated(published: PublishedWeights) -> Measured:
    errors = published.errors
    said = (
        f"As {published.publisher} states it; trained on {published.trained_on}. Terms: {published.licence}."
    )
    return Measured(errors.protocol, "as said", errors.top1, errors.top5, None, said)


def _validation_count(run: Path, row: Mapping[str, Any]) -> int | None:
    """Return how many pictures a run was validated on; None where they lie there no more."""
    origin = Origin.read(run) if os.path.isdir(run) else None
    dataset = origin.dataset() if origin is not None else None
    if dataset is None or "validation" not in dataset.splits:
        return None
    return len(dataset.split("validation")) - int(row.get("validation_unreadable", 0))


@final
@dataclass(frozen=True)
class Card:
    """All that the card says."""

    found: Checkpoint
    name: str
    errors: Sequence[Measured]
    licence: str
    has_onnx: bool
    """Whether the folder holds an ONNX file."""
    repo_id: str = ""
    """owner/name, where that is known."""

    def markdown(self) -> str:
        """Return README.md: the metadata that the Hub reads, and the page."""
        lines = [f"{name}: {json.dumps(value)}" for name, value in self._metadata().items()]
        return "\n".join(["---", *lines, "---", "", to_markdown(self._page())])

    def _metadata(self) -> dict[str, Any]:
        """Return what the Hub reads, in values that YAML writes as JSON does."""
        plain: dict[str, Any] = {
            "library_name": "alexnet",
            "pipeline_tag": "image-classification",
            "tags": ["alexnet", "image-classification", self.found.architecture.kind],
        }
        if self.licence:
            plain["license"] = self.licence
        if self.errors:
            plain["model-index"] = [{"name": self.name, "results": list(map(_result, self.errors))}]
        return plain

    def _page(self) -> Page:
        found = self.found
        what = (
            f"The network {found.architecture.kind} of the package alexnet, which tells {len(found.classes):,} "
            f"classes apart in pictures whose shorter side is scaled to {found.side} pixels."
        )
        if isinstance(start := found.data.get("converted from"), str):
            what += f" Its weights were converted from {start}."
        sections = (
            Section("Use", self._use()),
            Section("Data", self._data()),
            Section("Training", self._training()),
            Section("Errors", self._errors()),
            Section("Limits", self._limits()),
            Section("Files", self._files()),
        )
        return Page(self.name, (Paragraph(what),), sections)

    def _use(self) -> tuple[Block, ...]:
        where = self.repo_id or "FOLDER"
        hub = f"hf-hub:{where}" if self.repo_id else "local-dir:FOLDER"
        code = (
            "import alexnet\n\n"
            f'classifier = alexnet.from_pretrained("{where}")\n'
            'print(classifier.predict("picture.jpg", top=5))\n\n'
            "import alexnet.timm  # then timm knows the network\n"
            "import timm\n\n"
            f'model = timm.create_model("{hub}", pretrained=True)'
        )
        said = f'In timm it is called {timm_name(self.found.architecture)}. Packages: pip install "alexnet[hub,timm]".'
        return (Code(code), Paragraph(said))

    def _data(self) -> tuple[Block, ...]:
        data, words = self.found.data, self.found.words
        named = "; ".join(words[:_CLASSES]) + (" ...; all in config.json" if len(words) > _CLASSES else "")
        rows = [("pictures", str(data.get("name", "not known")))]
        if isinstance(data.get("fingerprint"), str):
            rows.append(("fingerprint", data["fingerprint"]))
        rows += [("classes", f"{len(words):,}"), ("their names", named)]
        return (Table(("what", "value"), tuple(rows)),)

    def _training(self) -> tuple[Block, ...]:
        recipe, history = self.found.recipe, self.found.history
        if not recipe:
            return (Paragraph("How it was trained is not known here."),)
        last: Mapping[str, Any] = history[-1] if history else {}
        said = f"Recipe {recipe.get('name', 'without a name')}"
        if is_number(last.get("epoch")):
            said += f", {float(last['epoch']):g} epochs to the weights that are kept"
        seconds = sum(float(row["seconds"]) for row in history if is_number(row.get("seconds")))
        said += f", {seconds:,.0f} seconds of training." if seconds else "."
        whole = json.dumps(recipe, indent=2, ensure_ascii=False)
        return (Paragraph(said), Folded("The recipe, every setting", (Code(whole),)))

    def _errors(self) -> tuple[Block, ...]:
        if not self.errors:
            return (
                Paragraph("They have not been measured, or nobody wrote them down: measure them before use."),
            )
        headings = ("pictures", "views", "count", "top-1 error", "95% interval", "top-5 error")
        table = Table(headings, tuple(one.row() for one in self.errors), numbers=(2, 3, 4, 5))
        return (table, *(Paragraph(one.said) for one in self.errors if one.said))

    def _limits(self) -> tuple[Block, ...]:
        count = f"{len(self.found.classes):,}"
        lines = [
            f"It always answers with one of its {count} classes, also for a picture of something else.",
            "It sees the central square of a picture; what lies beyond is not seen.",
            "The errors are of pictures like those it was trained on. Others, from another camera, place or time, "
            "are likely to be worse: measure on yours, alexnet evaluate FOLDER --data DATA.",
            "Probabilities are those of a softmax; whether they can be taken at their word, evaluate says too.",
        ]
        if not self.licence:
            lines.append("No licence was given: ask whoever trained it before it is passed on.")
        return tuple(map(Paragraph, lines))

    def _files(self) -> tuple[Block, ...]:
        rows = [
            (
                "model.safetensors",
                "weights, mean picture, classes, recipe and history: alexnet and timm read it",
            ),
            ("config.json", "the network and its classes, for timm and the Hub"),
            ("preprocessor_config.json", "the preparation of pictures: RGB, 0 to 255, nothing subtracted"),
        ]
        if self.has_onnx:
            rows.append(("onnx/model.onnx", "the network for ONNX Runtime and transformers.js"))
            return (Table(("file", "what it is"), tuple(rows)),)
        none = "There is no ONNX file, which transformers.js and ONNX Runtime need; its place is onnx/model.onnx."
        return (Table(("file", "what it is"), tuple(rows)), Paragraph(none))


def _result(measured: Measured) -> dict[str, Any]:
    """Return errors as the Hub's model-index has results."""
    metrics = [{"type": "accuracy", "name": "top-1 accuracy", "value": round(1 - measured.top1, 6)}]
    if measured.top5 is not None:
        metrics.append({"type": "accuracy", "name": "top-5 accuracy", "value": round(1 - measured.top5, 6)})
    return {
        "task": {"type": "image-classification"},
        "dataset": {"type": "image-folder", "name": measured.pictures},
        "metrics": metrics,
    }


def _interval(error: float, count: int) -> str:
    low, high = interval(error, count)
    return f"{low:.2%} to {high:.2%}"
