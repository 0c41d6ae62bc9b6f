"""A stream of pictures: the results of `predict`, in order, as soon as there are some, in the memory of a few."""

import itertools
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from evaluations import overflowing, untrained
from PIL import Image

from alexnet.data.workers.decoders import Decoders
from alexnet.errors import DataError, DivergedError, RecipeError
from alexnet.inference import batches as module
from alexnet.inference.classifier import Classifier
from alexnet.inference.inputs.arguments import pictures
from alexnet.inference.inputs.named import NamedPicture
from alexnet.inference.pictures import Picture
from alexnet.networks.small import Cifar18


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(untrained(Cifar18(classes=4, side=24)), "run")


def arrays(count: int) -> list[np.ndarray]:
    numbers = np.random.default_rng(3)
    return [numbers.integers(0, 256, (32, 40, 3), dtype=np.uint8) for _ in range(count)]


def test_results_are_those_of_predict_whoever_decodes(classifier: Classifier, tmp_path: Path) -> None:
    """Of files in threads and in processes, of arrays; over several batches; all in order."""
    given = arrays(150)
    for number, pixels in enumerate(given):
        Image.fromarray(pixels).save(tmp_path / f"{number:03}.png")
    expected = classifier.predict(given, 3, views=5)
    with Decoders(2) as decoders:
        for found in (
            classifier.predict_stream(iter(given), 3, views=5),
            classifier.predict_stream(pictures(tmp_path), 3, views=5),
            classifier.predict_stream(pictures(tmp_path), 3, views=5, decoders=decoders),
        ):
            results = list(found)
            assert len(results) == 150
            for result, predictions in zip(results, expected, strict=True):
                assert [one.name for one in result.predictions] == [one.name for one in predictions]
                assert [one.probability for one in result.predictions] == pytest.approx(
                    [one.probability for one in predictions], abs=1e-5
                )
    assert [Path(result.picture).name for result in results] == [f"{number:03}.png" for number in range(150)]


def test_a_bad_picture_has_a_reason_and_the_others_their_classes(
    classifier: Classifier, tmp_path: Path
) -> None:
    (tmp_path / "bad.png").write_bytes(b"text")
    good = arrays(1)[0]
    reason = DataError("unreadable: not today")
    given: list[NamedPicture | Picture] = [
        str(tmp_path / "bad.png"), good, b"", "nowhere.png", NamedPicture("x", reason), good
    ]  # fmt: skip
    found = list(classifier.predict_stream(given, 2))
    assert [result.picture for result in found] == [
        str(tmp_path / "bad.png"),
        "images[1]",
        "images[2]",
        "nowhere.png",
        "x",
        "images[5]",
    ]
    assert [str(result.error).split(":")[0] for result in found] == [
        "no picture",
        "None",
        "empty",
        "unreadable",
        "unreadable",
        "None",
    ]
    assert [len(result.predictions) for result in found] == [0, 2, 0, 0, 0, 2]
    assert found[4].to_dict() == {"picture": "x", "error": "unreadable: not today"}
    fleeting = NamedPicture(str(tmp_path / "gone.png"), str(tmp_path / "gone.png"), fleeting=True)
    assert list(classifier.predict_stream([fleeting])) == []
    half = NamedPicture(str(tmp_path / "bad.png"), str(tmp_path / "bad.png"), fleeting=True)
    assert len(list(classifier.predict_stream([half]))) == 1


def test_pictures_are_taken_no_faster_than_they_are_used(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an endless stream, two batches ahead at most; and of large ones fewer."""
    taken = itertools.count()

    def endless(content: Picture) -> Iterator[Picture]:
        while True:
            next(taken)
            yield content

    for _ in itertools.islice(classifier.predict_stream(endless(arrays(1)[0]), views=10), 500):
        pass
    assert next(taken) <= 500 + 128 + 2 * 128 + 2
    monkeypatch.setattr(module, "BYTES_AHEAD", 1000)
    taken = itertools.count()
    found = classifier.predict_stream(endless(bytes(400)))
    next(found)
    assert next(taken) <= 128 + 4


def test_a_slow_stream_is_not_waited_for(classifier: Classifier) -> None:
    """Whoever types a path sees its classes before the next."""
    typed: queue.Queue[np.ndarray | None] = queue.Queue()

    def typing() -> Iterator[np.ndarray]:
        while (pixels := typed.get()) is not None:
            yield pixels

    found = classifier.predict_stream(typing())
    for pixels in arrays(3):
        typed.put(pixels)
        assert next(found).error is None
    typed.put(None)
    assert next(found, None) is None


def test_a_threshold_leaves_out_what_is_less_probable(classifier: Classifier) -> None:
    (whole,) = classifier.predict_stream(arrays(1), 4)
    least = whole.predictions[1].probability
    (found,) = classifier.predict_stream(arrays(1), 4, threshold=least)
    assert found.predictions == whole.predictions[:2]
    (none,) = classifier.predict_stream(arrays(1), 4, threshold=1.0)
    assert none.predictions == ()
    assert none.to_dict() == {"picture": "images[0]", "classes": []}


def test_what_is_wrong_with_the_stream_is_raised(classifier: Classifier) -> None:
    def failing() -> Iterator[Picture]:
        yield arrays(1)[0]
        raise KeyError("theirs")

    with pytest.raises(KeyError, match="theirs"):
        list(classifier.predict_stream(failing()))
    with pytest.raises(TypeError, match="int is no picture"):
        list(classifier.predict_stream([7]))  # type: ignore[list-item]  # as a user may
    with pytest.raises(RecipeError, match="top is at least 1"):
        list(classifier.predict_stream([], 0))
    with pytest.raises(DivergedError, match=r"images\[1\]"):
        list(
            overflowing().predict_stream(
                [np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8)]
            )
        )
    assert list(classifier.predict_stream([])) == []


def test_a_stream_that_is_left_leaves_no_thread_at_work(classifier: Classifier) -> None:
    found = classifier.predict_stream(itertools.repeat(arrays(1)[0]))
    next(found)
    (feeding,) = [thread for thread in threading.enumerate() if thread.name == "pictures"]
    found.close()  # type: ignore[attr-defined]  # a generator
    feeding.join(timeout=60)
    assert not feeding.is_alive()
