"""AlexNet as an estimator of scikit-learn: it stands in pipelines, searches of settings and cross-validation.

Shapes: N pictures, F numbers of a row, K classes, U features.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_y,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.division import held_out
from alexnet.data.sources.listed import Listed, distinct
from alexnet.inference.classifier import Classifier
from alexnet.inference.features import LAST_HIDDEN
from alexnet.inference.pictures import Picture
from alexnet.inference.views import Views
from alexnet.launch.launch import launch
from alexnet.launch.request import RunRequest
from alexnet.launch.resolve import resolve
from alexnet.sklearn.pictures import GreySquares, Reading, pictures_in
from alexnet.training.display import ProgressDisplay


@final
class AlexNetClassifier(ClassNamePrefixFeaturesOutMixin, ClassifierMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Train a network on pictures, and classify others or compute their features.

    X is a list, an array or a column of pictures: paths, bytes, PIL images or arrays of pixels; an array (N, H, W),
    (N, H, W, C) or (N, C, H, W), uint8, or floating in 0-1 or 0-255; or a table (N, F) of numbers, a row a grey
    picture: the least number in the training data is black and the greatest white, unless they are uint8. A row that
    is no square and has no `shape` fills the smallest square that holds it, the rest of which is black.

    Args:
        weights: a run, a checkpoint or published weights whose features it goes on from, "none" for new ones; without
            any, what suits the number and the size of the pictures, as in `alexnet.train`.
        network: the name of a network, or a definition file, in place of the recipe's.
        recipe: the name of a recipe; without one, the one that suits the pictures.
        epochs: cycles through the pictures; without, as many as the recipe says. 0 with weights to go on from fits the
            last layer alone, by logistic regression.
        minutes: how long a fit may take, in place of epochs.
        settings: changes to the recipe, by path: {"training.batch_size": 64}.
        validation_fraction: the part of each class to set aside, by which the best epoch is chosen; 0, or fewer than
            half a picture of some class, sets none aside.
        views: of a picture to classify: 1, the centre; 5, 10 or "dense", see `alexnet.Classifier.predict`.
        stage: the stage whose values `transform` gives; without, the last hidden layer.
        shape: height and width of the pictures in rows of a table.
        run: a new directory where the run is kept; without one, nothing is left behind.
        device: where to compute: cpu, cuda, or auto, a CUDA device where there is one.
        random_state: of everything random: a seed, a generator of NumPy's, or None for NumPy's global one.
        verbose: 0 says nothing, 1 shows how a fit goes.

    Attributes:
        classes_: the labels, sorted, (K,).
        classifier_: the `alexnet.Classifier`, on the processor or where `device` says.
        history_: the rows of the run's journal, one an epoch; errors are fractions.
        recipe_: the name of the recipe that was taken.
        n_features_in_: F, where X was a table.
        grey_squares_: how a table becomes pictures; None where X was pictures.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        *,
        network: str | Path | None = None,
        recipe: str | None = None,
        epochs: float | None = None,
        minutes: float | None = None,
        settings: Mapping[str, Any] | None = None,
        validation_fraction: float = 0.1,
        views: Views = 1,
        stage: str | None = None,
        shape: tuple[int, int] | None = None,
        run: str | Path | None = None,
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.weights = weights
        self.network = network
        self.recipe = recipe
        self.epochs = epochs
        self.minutes = minutes
        self.settings = settings
        self.validation_fraction = validation_fraction
        self.views = views
        self.stage = stage
        self.shape = shape
        self.run = run
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803  # scikit-learn's name
        """Train a network on pictures and their labels, and keep it.

        Args:
            X: the pictures.
            y: their labels, of any kind that can be sorted, (N,).
        Raises:
            ValueError: pictures or labels are not what is taken, or there is one class alone.
            DataError: a picture cannot be read.
            RecipeError, CheckpointError: a network, recipe, setting or weights that do not exist or do not fit.
        """
        pictures, labels = self._checked(X, y)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y holds 1 class, {self.classes_[0]!r}, and nothing to tell it from: 2 are needed"
            )
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        with tempfile.TemporaryDirectory(prefix="alexnet-") as scratch:
            self._train(pictures, numbers, seed, Path(scratch))
        name = self.stage or self.classifier_.last_hidden_stage
        self._n_features_out = int(np.prod(self.classifier_.network.shapes()[name]))
        return self

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803  # scikit-learn's name
        """Return the best class of each picture: labels of `classes_`, (N,)."""
        best = self.predict_proba(X).argmax(1)
        labels: np.ndarray = self.classes_[best]
        return labels

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: N803  # scikit-learn's name
        """Return the probability of each class: float32, (N, K), in the order of `classes_`."""
        pictures = self._pictures(X)
        found: np.ndarray = self.classifier_.probabilities(pictures, views=self.views).numpy()
        return found

    def transform(self, X: Any) -> np.ndarray:  # noqa: N803  # scikit-learn's name
        """Return the features of each picture, those of section 6.1 of the paper: float32, (N, U)."""
        pictures = self._pictures(X)
        found: np.ndarray = self.classifier_.features(pictures, self.stage or LAST_HIDDEN).flatten(1).numpy()
        return found

    def _checked(self, X: Any, y: Any) -> tuple[list[Picture], np.ndarray]:  # noqa: N803  # as above
        """Check what is to be fitted, and return the pictures and their labels."""
        pictures = pictures_in(X)
        if pictures is None:
            table, labels = validate_data(self, X, y)
            check_classification_targets(labels)
            self.grey_squares_: GreySquares | None = GreySquares.of(table, self.shape)
            return self.grey_squares_.pixels(table), labels
        if y is None:
            raise ValueError("AlexNetClassifier requires y to be passed, but the target y is None")
        labels = _check_y(y, estimator=self)
        check_classification_targets(labels)
        check_consistent_length(pictures, labels)
        self.grey_squares_ = None
        return pictures, labels

    def _pictures(self, X: Any) -> list[Picture]:  # noqa: N803  # as above
        """Return what is to be answered about, in the form that was fitted."""
        check_is_fitted(self, "classifier_")
        pictures = pictures_in(X)
        if self.grey_squares_ is not None and pictures is None:
            return self.grey_squares_.pixels(validate_data(self, X, reset=False))
        if pictures is None:
            raise ValueError("X is a table of numbers, and this classifier was fitted to pictures")
        return pictures

    def _train(self, pictures: list[Picture], labels: np.ndarray, seed: int, scratch: Path) -> None:
        """Prepare the pictures in a folder of its own, and train a run there or where the user says."""
        request = RunRequest(
            "X",
            self.recipe,
            self.run if self.run is not None else scratch / "run",
            network=self.network,
            weights=self.weights,
            epochs=self.epochs,
            minutes=self.minutes,
            seed=seed,
            set=self.settings or {},
            device=self.device,
        )
        names = distinct([str(label) for label in self.classes_])
        splits = _divided(labels, names, self.validation_fraction, seed)

        def source(side: int) -> Listed:
            read = Reading(pictures, side)
            return Listed("X", classes=names, splits=splits, labels=labels, read=read, fingerprint="X")

        side = request.recipe_request().side(source(0))
        workers = None if all(isinstance(one, str | os.PathLike) for one in pictures) else 0
        dataset = prepare(source(side), scratch / "data", side=side, workers=workers, tolerance=0.0)
        resolved = resolve(RunRequest(**{**vars(request), "data": dataset}))
        run = launch(resolved, ProgressDisplay(mute=not self.verbose))
        self.classifier_: Classifier = run.load(device=self.device)
        self.history_, self.recipe_ = run.history, run.recipe

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of an estimator.

        A poor score is that of its own blobs: rows of two numbers, which become pictures of four pixels. Pictures are
        mirrored in training, and a mirror exchanges the two. Features are float32, whatever X is.
        """
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.classifier_tags.poor_score = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _divided(labels: np.ndarray, names: tuple[str, ...], fraction: float, seed: int) -> dict[str, np.ndarray]:
    """Return the pictures to train on and those set aside: of every class some, or none at all."""
    if not 0 <= fraction < 1:
        raise ValueError(f"validation_fraction={fraction} does not fit: from 0 to below 1")
    counts = np.bincount(labels)
    if counts.min() * fraction < 0.5 or counts.min() < 2:
        return {"train": np.arange(len(labels))}
    aside = np.zeros(len(labels), bool)
    for number, name in enumerate(names):
        rows = np.flatnonzero(labels == number)
        aside[rows] = held_out(name, len(rows), fraction=fraction, seed=seed)
    return {"train": np.flatnonzero(~aside), "validation": np.flatnonzero(aside)}
