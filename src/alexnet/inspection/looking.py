"""A run, looked into: each figure from what a person says, the run's own data where none is given."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

import torch
from torch import Tensor

from alexnet.canvas import Canvas
from alexnet.data.dataset import Dataset
from alexnet.data.named import open_dataset
from alexnet.data.views import center_view
from alexnet.errors import DataError, RecipeError, RunError, choices
from alexnet.evaluation.confusion import DENSE
from alexnet.evaluation.evaluate import evaluate
from alexnet.inference.classifier import Classifier
from alexnet.inspection.attribution import attribution
from alexnet.inspection.judgement import confusion_figure, reliability_figure
from alexnet.inspection.kernels import kernels
from alexnet.inspection.maps import maps, units
from alexnet.inspection.patches import exciting
from alexnet.inspection.predictions import answers, predictions
from alexnet.runs.curves import figure as curves
from alexnet.runs.run import Run
from alexnet.weights.loading import load

SPLITS: Final = ("test", "validation", "train")


@final
class Look:
    """A run or a checkpoint, and the figures of it.

    Args:
        run: a run directory, a checkpoint file, or the name of published weights.
        device: where its network computes.
    Raises:
        CheckpointError: there is none, or it is damaged.
    """

    def __init__(self, run: str | Path, *, device: str = "cpu") -> None:
        self.path, self._device = Path(run), device
        self._classifier: Classifier | None = None

    @property
    def classifier(self) -> Classifier:
        """The network with its classes, loaded at its first use: curves need none."""
        if self._classifier is None:
            self._classifier = load(self.path, device=self._device)
        return self._classifier

    def figure(
        self,
        what: str,
        words: Sequence[str] = (),
        *,
        data: str | Path | Dataset | None = None,
        split: str | None = None,
        mistakes: bool = False,
        count: int = 8,
        seed: int = 0,
        method: str = "gradient",
        name: str | None = None,
        units: str | None = None,
        normalized: bool = False,
        grey: bool = False,
    ) -> Canvas:
        """Draw a figure as `alexnet look` names it.

        Raises:
            RecipeError: a stage, unit or class that there is not.
            DataError: a picture or a data set that cannot be read.
            RunError: curves of what is no run.
        """
        if what == "curves":
            return curves(Run.read(self.path).history, self.path.name)
        network = self.classifier.network
        if what == "kernels":
            return kernels(
                network, words[0] if words else "conv1", normalized=normalized, colour=False if grey else None
            )
        if what == "maps":
            return self._maps(words[0], words[1])
        if what == "gradient":
            image = self.view(words[0])
            label = self._label(image, name)
            return attribution(network, image, label, method, words=self.classifier.words[label])
        dataset, chosen = self._pictures(data, split)
        if what in {"confusion", "calibration"}:
            return self._evaluated(what, dataset, chosen)
        if what == "patches":
            return exciting(network, dataset.split(chosen), words[0], units=_numbers(units))
        if what == "predictions":
            shown = answers(self.classifier, dataset, chosen, count=count, mistakes=mistakes, seed=seed)
            if not shown:
                raise DataError(
                    f"{chosen} of {dataset.name} has no picture that is named wrongly: leave out --mistakes"
                )
            return predictions(self.classifier, dataset, chosen, shown)
        raise RecipeError(f"`{what}` is not something to look at; {choices(what, FIGURES)}")

    def view(self, picture: str | Path) -> Tensor:
        """Return a picture as the network sees it: uint8 RGB, (3, S, S), the centre of its square."""
        pixels = self.classifier.pixels(str(picture))
        return center_view(pixels, self.classifier.network.architecture.side)[0, 0]

    def _evaluated(self, what: str, dataset: Dataset, split: str) -> Canvas:
        """Return how the network errs on a split, a picture's centre seen."""
        words = self.classifier.words
        if what == "confusion" and len(words) > DENSE:
            raise RecipeError(
                f"a confusion matrix is drawn of up to {DENSE:,} classes, not {len(words):,}: "
                "`alexnet evaluate --json` lists the pairs"
            )
        report = evaluate(self.classifier, dataset, views=1, split=split)
        if what == "calibration":
            return reliability_figure(report.calibration)
        return confusion_figure(report.confusion_matrix(), words)

    def _maps(self, stage: str, picture: str) -> Canvas:
        network, image = self.classifier.network, self.view(picture)
        network.stage(stage)
        drawn = maps if len(network.shapes()[stage]) == 3 else units
        return drawn(network, image, stage)

    def _label(self, image: Tensor, name: str | None) -> int:
        known = self.classifier.classes
        if name is None:
            with torch.inference_mode():
                return int(
                    self.classifier.network.eval()(image[None].to(self.classifier.network.device))[0].argmax()
                )
        if name not in known:
            raise RecipeError(f"`{name}` is not a class of {self.path}; {choices(name, known[:200])}")
        return known.index(name)

    def _pictures(self, data: str | Path | Dataset | None, split: str | None) -> tuple[Dataset, str]:
        """Return the pictures asked for, at the run's side, and the split."""
        if data is None:
            raise RunError(f"which pictures shall {self.path.name} be shown? Say --data DATA")
        side = self.classifier.side
        dataset = data if isinstance(data, Dataset) else open_dataset(data, side=lambda source: side)
        chosen = split or next(known for known in SPLITS if known in dataset.splits)
        dataset.split(chosen)
        return dataset, chosen


FIGURES: Final = (
    "kernels",
    "predictions",
    "maps",
    "gradient",
    "patches",
    "confusion",
    "calibration",
    "curves",
)


def _numbers(text: str | None) -> list[int] | None:
    """Read numbers of units, `0,5,7`."""
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise RecipeError(f"--units {text!r} are no numbers: write 0,5,7") from None
