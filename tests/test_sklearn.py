"""AlexNet as scikit-learn has its estimators: what it takes, where it stands, and scikit-learn's own checks."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

import alexnet
from alexnet.data.sources.shapes import Shapes
from alexnet.errors import DataError
from alexnet.sklearn import AlexNetClassifier
from alexnet.sklearn.pictures import GreySquares, pictures_in

EXPECTED: dict[str, str] = {}
"""Checks of scikit-learn's that fail, each with its reason: none does."""
QUICK = AlexNetClassifier("small", epochs=0, device="cpu")
"""Fits the last layer to features that come with the package: seconds."""


@pytest.fixture(scope="module")
def shapes() -> tuple[np.ndarray, np.ndarray]:
    """60 pictures of three coloured shapes, uint8 (60, 32, 32, 3), and the names of their classes."""
    examples = list(Shapes(60, classes=3).examples("train"))
    return np.stack([np.asarray(example.content) for example in examples]), np.array(
        [one.label for one in examples]
    )


@pytest.fixture(scope="module")
def fitted(shapes: tuple[np.ndarray, np.ndarray]) -> AlexNetClassifier:
    """A classifier of the shapes."""
    model: AlexNetClassifier = clone(QUICK).set_params(random_state=0)
    return model.fit(*shapes)


def test_it_learns_shapes_and_names_them_by_their_own_labels(
    fitted: AlexNetClassifier, shapes: tuple[np.ndarray, np.ndarray]
) -> None:
    held_out = list(Shapes(160, classes=3).examples("validation"))
    pixels = np.stack([np.asarray(example.content) for example in held_out])
    assert fitted.score(pixels, [example.label for example in held_out]) > 0.8
    assert list(fitted.classes_) == sorted(set(shapes[1]))
    proba = fitted.predict_proba(pixels)
    np.testing.assert_allclose(proba.sum(1), 1, atol=1e-6)
    assert list(fitted.predict(pixels)) == list(fitted.classes_[proba.argmax(1)])
    assert fitted.transform(pixels).shape == (len(pixels), 512)
    assert fitted.recipe_ == "transfer"
    assert fitted.history_[0]["validation_top1_error"] <= 0.5


def test_a_picture_is_the_same_picture_in_every_form(
    fitted: AlexNetClassifier, shapes: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    pixels = shapes[0][:4]
    expected = fitted.predict_proba(pixels)
    images = [Image.fromarray(one) for one in pixels]
    for number, image in enumerate(images):
        image.save(tmp_path / f"{number}.png")
    paths = sorted(tmp_path.glob("*.png"))
    texts = [str(path) for path in paths]
    forms: dict[str, Any] = {
        "PIL": images,
        "paths": paths,
        "texts": texts,
        "an array of texts": np.array(texts),
        "a column of objects": np.array(texts, dtype=object)[:, None],
        "bytes": [path.read_bytes() for path in paths],
        "a list of arrays": list(pixels),
        "floats": pixels / 255.0,
        "channels first": torch.from_numpy(pixels).permute(0, 3, 1, 2),
    }
    for name, form in forms.items():
        np.testing.assert_allclose(fitted.predict_proba(form), expected, atol=1e-6, err_msg=name)


def test_what_is_fitted_is_what_alexnet_itself_trains_on_the_same_pictures(
    fitted: AlexNetClassifier, shapes: tuple[np.ndarray, np.ndarray]
) -> None:
    """The one way to a run: the probabilities are those of the run's classifier, bit for bit."""
    own = fitted.classifier_.probabilities(shapes[0][:8]).numpy()
    np.testing.assert_array_equal(fitted.predict_proba(shapes[0][:8]), own)


def test_the_same_seed_gives_the_same_network_and_a_named_run_is_kept(
    fitted: AlexNetClassifier, shapes: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    again = clone(fitted).set_params(run=tmp_path / "run").fit(*shapes)
    np.testing.assert_array_equal(again.predict_proba(shapes[0]), fitted.predict_proba(shapes[0]))
    assert alexnet.runs(tmp_path)[0].state == "finished"
    kept = alexnet.load(tmp_path / "run").probabilities(shapes[0][:3]).numpy()
    np.testing.assert_array_equal(kept, again.predict_proba(shapes[0][:3]))


def test_it_is_pickled_with_its_network_and_answers_the_same(
    fitted: AlexNetClassifier, shapes: tuple[np.ndarray, np.ndarray]
) -> None:
    """What is made ready for one process stays there: the pickle is about as large as the weights."""
    expected = fitted.predict_proba(shapes[0])
    content = pickle.dumps(fitted)
    assert len(content) < 1.2 * 4 * sum(
        value.numel() for value in fitted.classifier_.network.state_dict().values()
    )
    np.testing.assert_array_equal(pickle.loads(content).predict_proba(shapes[0]), expected)


def test_it_says_nothing_unless_it_is_asked_to(
    shapes: tuple[np.ndarray, np.ndarray], capfd: pytest.CaptureFixture[str]
) -> None:
    clone(QUICK).fit(*shapes)
    assert capfd.readouterr() == ("", "")


def test_rows_of_digits_are_grey_squares() -> None:
    """Numbers of 0 to 16, as scikit-learn has them: the digits themselves, and a linear model in a pipeline."""
    rows, labels = load_digits(return_X_y=True)
    model = clone(QUICK).set_params(random_state=0).fit(rows[:300], labels[:300])
    assert model.score(rows[300:500], labels[300:500]) > 0.8
    assert model.n_features_in_ == 64
    assert model.grey_squares_ == GreySquares((8, 8), 0.0, 16.0)
    picture = np.rint(rows[:1].reshape(1, 8, 8) * 255 / 16).astype(np.uint8)
    np.testing.assert_array_equal(model.predict_proba(rows[:1]), model.predict_proba(picture))


def test_it_stands_in_pipelines_searches_and_cross_validation(shapes: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, labels = shapes
    images = [Image.fromarray(one) for one in pixels]
    assert cross_val_score(clone(QUICK), images, labels, cv=2, error_score="raise").mean() > 0.6
    grey = FunctionTransformer(lambda given: given.mean(3).astype(np.uint8))
    search = GridSearchCV(
        make_pipeline(grey, clone(QUICK)), {"alexnetclassifier__views": [1, 10]}, cv=2, error_score="raise"
    ).fit(pixels, labels)
    assert set(search.best_params_) == {"alexnetclassifier__views"}
    features = make_pipeline(clone(QUICK).set_params(stage="pool5"), LogisticRegression(max_iter=500))
    assert features.fit(pixels, labels).score(pixels, labels) > 0.9


def test_what_does_not_fit_is_said(fitted: AlexNetClassifier, shapes: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, labels = shapes
    with pytest.raises(NotFittedError):
        AlexNetClassifier().predict(pixels)
    with pytest.raises(ValueError, match="holds 1 class"):
        clone(QUICK).fit(pixels, ["a"] * len(pixels))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        clone(QUICK).fit(pixels, labels[:-1])
    with pytest.raises(ValueError, match="a row of X has 64 numbers"):
        clone(QUICK).set_params(shape=(4, 4)).fit(np.zeros((4, 64)), [0, 1, 0, 1])
    with pytest.raises(ValueError, match="X is a table of numbers"):
        fitted.predict(np.zeros((3, 64)))
    with pytest.raises(TypeError, match="X is one picture"):
        fitted.predict("picture.png")
    with pytest.raises(ValueError, match="validation_fraction=1"):
        clone(QUICK).set_params(validation_fraction=1).fit(pixels, labels)
    with pytest.raises(DataError, match=r"X\[1\]"):
        clone(QUICK).fit([_png(pixels[0]), b"no picture"], ["a", "b"])


def test_classes_of_one_picture_are_trained_on_and_none_is_set_aside() -> None:
    model = clone(QUICK).fit(
        [_png(np.full((32, 32, 3), grey, np.uint8)) for grey in (0, 255)], ["dark", "light"]
    )
    assert list(model.classes_) == ["dark", "light"]
    assert "validation_top1_error" not in model.history_[0]


def test_a_table_is_told_from_pictures() -> None:
    assert pictures_in(np.zeros((3, 4))) is None
    assert pictures_in([[0.0, 1.0], [2.0, 3.0]]) is None
    assert pictures_in([]) is None
    assert pictures_in(np.array(["1", "2"])) == ["1", "2"]
    assert len(pictures_in(np.zeros((2, 8, 8), np.uint8)) or []) == 2


def test_a_row_that_is_no_square_fills_the_smallest_one_that_holds_it() -> None:
    squares = GreySquares.of(np.array([[0.0, 1.0, 2.0, 3.0, 4.0]]), None)
    expected = np.array([[0, 64, 128], [191, 255, 0], [0, 0, 0]], np.uint8)
    np.testing.assert_array_equal(squares.pixels(np.array([[0.0, 1.0, 2.0, 3.0, 4.0]]))[0], expected)


@pytest.mark.slow
@parametrize_with_checks([QUICK], expected_failed_checks=lambda estimator: EXPECTED)  # type: ignore[untyped-decorator]  # scikit-learn has no types
def test_scikit_learns_own_checks_of_an_estimator_hold(estimator: Any, check: Any) -> None:
    check(estimator)


def _png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()
