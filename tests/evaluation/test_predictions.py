"""Predictions in files: what was written is scored as the networks were, and nothing else is believed."""

import csv
import json
import math
import os
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import gang
import pytest
import torch
from evaluations import CLASSES, dense_pair, overflowing, pair, reordered, untrained, weights_and_file

from alexnet.data.dataset import Dataset
from alexnet.data.imagenet_classes import imagenet_classes
from alexnet.errors import AlexNetError, DataError, DivergedError, RecipeError
from alexnet.evaluation.evaluate import evaluate
from alexnet.evaluation.predictions import scoring, writing
from alexnet.evaluation.predictions.reading import contest_order
from alexnet.evaluation.predictions.writing import best_classes
from alexnet.evaluation.report import Report
from alexnet.inference.classifier import Classifier
from alexnet.networks.small import Cifar18


def single(seed: int = 1) -> Classifier:
    return Classifier(untrained(Cifar18(classes=4, side=24), seed), f"network {seed}")


def same(found: Report, expected: Report) -> bool:
    """Whether two reports are one but for where they come from, and the last digits of a sum."""
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)
    return replace(found, networks=expected.networks, views=expected.views, loss=expected.loss) == expected


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_file_says_all_that_the_network_did(shapes: Dataset, tmp_path: Path, ending: str) -> None:
    """To the last bit of every probability: errors, classes, confusion, calibration, temperature."""
    if ending == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / f"predictions.{ending}"
    expected = evaluate(single(), shapes, views=1, predictions=path)
    assert not math.isnan(expected.temperature)
    assert expected == evaluate(single(), shapes, views=1)
    assert same(evaluate(path, shapes), expected)
    assert same(evaluate([str(path)], shapes, split="validation"), expected)


def test_classes_of_a_file_are_called_by_name(shapes: Dataset, tmp_path: Path) -> None:
    """Of networks that have them in another order, averaged with weights."""
    path = tmp_path / "p.csv"
    expected = evaluate(pair(), shapes, predictions=path, average=(3, 1))
    found = evaluate(path, shapes)
    assert (found.top1_error, found.calibration_error) == (expected.top1_error, expected.calibration_error)
    assert {one.name: one for one in found.per_class} == {one.name: one for one in expected.per_class}
    other = Classifier(reordered(untrained(Cifar18(classes=4, side=24), 1), (2, 0, 3, 1)), "b")
    evaluate(other, shapes, views=1, predictions=path)
    expected = evaluate(single(), shapes, views=1)
    assert evaluate(path, shapes).per_class == expected.per_class


def test_of_many_classes_the_best_are_written(
    shapes: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the true one's probability: all but what needs every class is as it was."""
    monkeypatch.setattr(writing, "WHOLE", 3)
    monkeypatch.setattr(writing, "TOP", 2)
    path = tmp_path / "p.csv"
    expected = evaluate(single(), shapes, views=1, predictions=path)
    assert (
        path.read_text().splitlines()[0]
        == "picture,label,probability,class1,probability1,class2,probability2"
    )
    found = evaluate(path, shapes)
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)
    assert found.confusion == expected.confusion
    assert found.calibration == expected.calibration
    assert math.isnan(found.temperature)
    assert math.isnan(found.top5_error)  # two of four classes do not say which the other two best are
    monkeypatch.setattr(scoring, "TOP", 2)
    assert evaluate(path, shapes).top5_error == expected.top5_error
    plain = found.to_dict()
    assert plain["temperature"] is plain["top5_error"] is None
    json.dumps(plain, allow_nan=False)


def test_a_submission_has_the_best_classes_as_numbers_from_one(shapes: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "submission.txt"
    expected = evaluate(single(), shapes, views=1, predictions=path)
    evaluate(single(), shapes, views=1, predictions=tmp_path / "p.csv")
    rows = list(csv.DictReader((tmp_path / "p.csv").read_text().splitlines()))
    lines = [[int(word) for word in line.split()] for line in path.read_text().splitlines()]
    assert lines == [[CLASSES.index(row[f"class{rank}"]) + 1 for rank in (1, 2, 3, 4)] for row in rows]
    found = evaluate(path, shapes)
    assert (found.top1_error, found.confusion) == (expected.top1_error, expected.confusion)
    assert (found.balanced_accuracy, found.per_class) == (expected.balanced_accuracy, expected.per_class)
    assert math.isnan(found.loss)
    assert math.isnan(found.calibration_error)


def test_a_submission_of_the_challenge_has_its_own_numbers() -> None:
    """1 is the kit fox, whatever the order of the data; other classes are counted as they come."""
    order = contest_order([one.name for one in imagenet_classes("sorted")])
    assert [order[0], order[999]] == ["n02119789", "n03255030"]
    assert contest_order(("b", "a")) == ("b", "a")


def test_equal_probabilities_are_ranked_in_the_order_of_the_classes() -> None:
    """So that the best one is the argmax that errors are counted by; against Python's stable sort."""
    seed = torch.Generator().manual_seed(0)
    values = torch.randint(0, 4, (300, 12), generator=seed).float() / 40
    found = best_classes(values, 5)
    for row, probabilities, classes in zip(values.tolist(), *(one.tolist() for one in found), strict=True):
        expected = sorted(range(12), key=lambda k: -row[k])[:5]
        assert classes == expected
        assert probabilities == pytest.approx([row[k] for k in expected])
    assert found[1][:, 0].tolist() == values.argmax(1).tolist()


@pytest.fixture
def foreign(shapes: Dataset, tmp_path: Path) -> Callable[..., Path]:
    """Write what another program would: a column of probabilities a class, in an order of its own."""
    evaluate(single(), shapes, views=1, predictions=tmp_path / "ours.csv")
    rows = list(csv.DictReader((tmp_path / "ours.csv").read_text().splitlines()))

    def write(
        picture: str = "file_name",
        *,
        shuffled: bool = True,
        change: Callable[[list[dict[str, str]]], object] = list,
    ) -> Path:
        found = []
        for row in rows:
            ranked = {row[f"class{rank}"]: row[f"probability{rank}"] for rank in (1, 2, 3, 4)}
            named = {picture: row["picture"]} if picture else {}
            found.append(named | {name: ranked[name] for name in sorted(CLASSES)})
        if shuffled:
            random.Random(0).shuffle(found)
        change(found)
        path = tmp_path / "theirs.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(found[0]))
            writer.writeheader()
            writer.writerows(found)
        return path

    return write


def test_a_file_of_another_program_is_scored_by_name_or_by_order(
    shapes: Dataset, foreign: Callable[..., Path]
) -> None:
    expected = evaluate(single(), shapes, views=1)
    found = evaluate(foreign(), shapes)
    assert found.temperature == pytest.approx(expected.temperature, abs=0.02)  # its halves are others
    assert same(replace(found, **{name: getattr(expected, name) for name in CROSS_FITTED}), expected)
    assert same(evaluate(foreign("", shuffled=False), shapes), expected)
    with pytest.raises(AssertionError):
        same(evaluate(foreign(""), shapes), expected)


CROSS_FITTED = ("temperature", "calibrated_error", "calibrated_interval")


def rows(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def wrong_files(count: int) -> Iterator[tuple[str, str, str]]:
    """Yield the ending, the content and what is said of it: nothing is an error of ours, whatever is in it."""
    head, a, b = "picture,class1,probability1", "validation 0", "validation 1"
    yield "csv", "", f"has 0 of the {count} pictures of validation"
    yield (
        "csv",
        head + "\n",
        f"has 0 of the {count} pictures of validation: 'validation 0' is the first that is missing",
    )
    yield "csv", rows(head, f"{a},red disc,0.5"), f"has 1 of the {count} pictures"
    yield "csv", rows(head, f"{a},red disc,0.5", f"{a},red disc,0.5"), ":3: 'validation 0' comes twice"
    yield (
        "csv",
        rows(head, f"{b},red disc,0.5", "dog.jpg,red disc,0.5"),
        ":3: 'dog.jpg' is no picture of validation",
    )
    yield "csv", rows(head, f"{a},blue disc,0.5"), ":2: class1 is 'blue disc', which is no class of the data"
    yield "csv", rows(head, f"{a},,0.5"), ":2: class1 is '': expected a name"
    yield "csv", rows(head, f"{a},red disc,nan"), ":2: probability1 is 'nan': expected a probability, 0 to 1"
    for value in ("inf", "-0.1", "1.5", "", "half", "1e999", "0x1"):
        yield (
            "csv",
            rows(head, f"{a},red disc,{value}"),
            f":2: probability1 is {value!r}: expected a probability",
        )
    yield "csv", rows(head, f"{a},red disc"), ":2: 2 fields, the first line names 3"
    yield "csv", rows("picture,picture,class1", f"{a},{a},red disc"), ":1: a column comes twice"
    yield "csv", rows("picture,class1,class2", f"{a},red disc,red disc"), ":2: a class comes twice"
    yield (
        "csv",
        rows("picture,guess", f"{a},red disc"),
        "has the columns picture, guess: expected picture, label",
    )
    yield (
        "csv",
        rows("picture,red disc,red ring", f"{a},1,0"),
        "has columns for 2 of the 4 classes: 'red square' has none",
    )
    yield (
        "csv",
        rows("picture,class1,probability1,class2", f"{a},red disc,1,red ring"),
        "has no column probability2",
    )
    yield (
        "csv",
        rows(f"picture,{','.join(CLASSES)}", f"{a},0.9,0.9,0.9,0.9"),
        ":2: the probabilities sum to 3.6",
    )
    yield "csv", rows(f"picture,{','.join(CLASSES)}", f"{a},0,0,0,0"), ":2: the probabilities sum to 0"
    yield (
        "csv",
        rows("picture,label,class1", f"{a},red cow,red disc"),
        "these are predictions of other pictures",
    )
    yield (
        "csv",
        rows("picture,probability,class1,probability1", f"{a},0.9,red ring,0.3"),
        "its class is not among the best",
    )
    yield (
        "csv",
        rows("class1", *["red disc"] * (count + 1)),
        f":{count + 2}: there are more rows than the {count} pictures",
    )
    yield "csv", rows("class1", *["red disc"] * (count - 1)), f"has {count - 1} of the {count} pictures"
    yield "csv", "\x00\x01\xff" * 50 + "\n1", "has the columns"
    yield "csv", 'picture,class1\n"open', "unexpected end of data"
    yield "jsonl", "nonsense\n", ":1: no JSON"
    yield "jsonl", "[" * 100_000 + "\n", ":1: no JSON"
    yield "jsonl", "3\n", ":1: expected a JSON object, found int"
    yield "jsonl", '{"picture": "validation 0", "class1": null}\n', ":1: class1 is 'None': expected a name"
    yield "jsonl", '{"picture": "validation 0", "class1": ["a"]}\n', ":1: class1 is "
    yield (
        "jsonl",
        '{"picture": "validation 0", "class1": "red disc", "probability1": NaN}\n',
        ":1: probability1 is 'nan'",
    )
    yield (
        "jsonl",
        '{"picture": "validation 0", "class1": "red disc", "probability1": true}\n',
        ":1: probability1 is 'True'",
    )
    first = '{"picture": "validation 0", "class1": "red disc"}\n'
    yield "jsonl", first + '{"picture": "validation 1"}\n', ":2: 'class1' is in some rows and not in others"
    yield "txt", "1 2 3 x 4\n", ":1: 'x' is no number of a class: expected 1 to 4, the best first"
    yield "txt", "0 1\n", ":1: '0' is no number of a class"
    yield "txt", "5\n", ":1: '5' is no number of a class"
    yield "txt", "1 1\n", ":1: a class comes twice"
    yield "txt", "1\n\n", ":2: '' is no number of a class"
    yield "txt", "9" * 5000 + "\n", ":1: '999"
    yield "txt", "1 2 3 4\n" * (count + 1), f":{count + 1}: there are more rows"


def test_what_is_no_prediction_of_these_pictures_is_refused_in_a_line(
    shapes: Dataset, tmp_path: Path
) -> None:
    for ending, content, said in wrong_files(len(shapes.split("validation"))):
        path = tmp_path / f"wrong.{ending}"
        path.write_text(content, encoding="latin-1")
        with pytest.raises(DataError) as caught:
            evaluate(path, shapes)
        assert said in str(caught.value), (content[:80], str(caught.value))
        assert "\n" not in str(caught.value)
        assert caught.value.exit_code == 3


def test_a_parquet_file_that_is_none_is_refused(shapes: Dataset, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / "p.parquet"
    for content in (b"", b"PAR1" * 30, os.urandom(300)):
        path.write_bytes(content)
        with pytest.raises(DataError, match="cannot be read"):
            evaluate(path, shapes)


def test_what_is_no_file_is_refused(shapes: Dataset, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for name, said in (("absent.csv", "No such file"), ("pipe.csv", "not a regular file")):
        with pytest.raises(DataError, match=said):
            evaluate(tmp_path / name, shapes)
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(RecipeError, match="is evaluated by itself"):
        evaluate([tmp_path / "a.csv", single()], shapes)
    with pytest.raises(RecipeError, match="is a file of predictions already"):
        evaluate(tmp_path / "a.csv", shapes, predictions=tmp_path / "b.csv")
    with pytest.raises(DataError, match="`test` is not a split"):
        evaluate(tmp_path / "a.csv", shapes, split="test")


def test_a_file_is_there_whole_or_as_it_was(shapes: Dataset, tmp_path: Path) -> None:
    """A network that overflows in the middle leaves nothing beside it either."""
    path = tmp_path / "p.csv"
    path.write_text("before")
    with pytest.raises(DivergedError):
        evaluate(overflowing(), shapes, views=1, predictions=path)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("p.csv", "before")]


def test_where_no_file_can_be_written_nothing_is_evaluated(
    shapes: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[object]()
    monkeypatch.setattr("alexnet.evaluation.predict.view_probabilities", lambda *given: asked.append(given))
    (tmp_path / "folder.csv").mkdir()
    for name, said in (
        ("p.docx", "ends in .csv, .jsonl, .parquet, .txt"),
        ("p", "ends in .csv"),
        ("absent/p.csv", "is no folder that we may write in"),
        ("folder.csv", "it is no regular file, and is not replaced"),
    ):
        with pytest.raises(AlexNetError, match=said):
            evaluate(single(), shapes, predictions=tmp_path / name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    absent = r'needs pyarrow, .*: pip install "alexnet\[parquet\]"'
    with pytest.raises(AlexNetError, match=absent):
        evaluate(single(), shapes, predictions=tmp_path / "p.parquet")
    with pytest.raises(AlexNetError, match=absent):
        evaluate(tmp_path / "p.parquet", shapes)
    assert not asked
    assert [one.name for one in tmp_path.iterdir()] == ["folder.csv"]


def test_a_network_of_more_classes_than_the_data_numbers_none(shapes: Dataset, tmp_path: Path) -> None:
    five = Classifier(untrained(Cifar18(classes=5, side=24), classes=(*CLASSES, "cow")), "five")
    with pytest.raises(DataError, match=r"the 4 classes of the data, and the network knows 5: write .csv"):
        evaluate(five, shapes, predictions=tmp_path / "p.txt")
    assert evaluate(five, shapes, predictions=tmp_path / "p.csv").count == 32


@pytest.mark.slow
def test_several_processes_write_the_file_of_one(shapes: Dataset, tmp_path: Path) -> None:
    """And choose the same weights, and find the same temperature."""
    alone = evaluate(
        dense_pair(), shapes, views=1, average="search:train", predictions=tmp_path / "alone.csv"
    )
    found = gang.run(weights_and_file, 2, tmp_path / "gang", shapes.directory, tmp_path / "both.csv")
    assert found == [(alone.average_weights, alone.temperature)] * 2
    assert (tmp_path / "both.csv").read_text() == (tmp_path / "alone.csv").read_text()
