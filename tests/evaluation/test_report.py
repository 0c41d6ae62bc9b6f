"""A report says what a loop counts, whoever shares the work and in whatever order the classes come."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import gang
import numpy as np
import pytest
import torch
from evaluations import CLASSES, dense_pair, overflowing, pair, reordered, report, untrained

import alexnet
from alexnet import checkpoint
from alexnet.data.dataset import Dataset
from alexnet.data.decoding.images import square_pixels
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.errors import CheckpointError, DataError, DivergedError, RecipeError
from alexnet.evaluation.comparison import compare
from alexnet.evaluation.evaluate import evaluate
from alexnet.evaluation.paper import TABLES
from alexnet.evaluation.report import ClassError, Report
from alexnet.inference.classifier import Classifier
from alexnet.inference.views import view_probabilities
from alexnet.networks.small import Cifar18

ERRORS = tuple(ClassError(name, name, 10, 0.1) for name in "abcdefg")
REPORT = Report(
    networks=("runs/a",),
    data="digits",
    split="validation",
    count=1359,
    unreadable=0,
    views=10,
    top1_error=0.0139,
    top1_interval=(0.006, 0.0322),
    top5_error=0.001,
    top5_interval=(0.0, 0.01),
    loss=0.25,
    per_class=ERRORS,
)


def single(seed: int = 1) -> Classifier:
    return Classifier(untrained(Cifar18(classes=4, side=24), seed), f"network {seed}")


def test_errors_are_what_a_loop_over_the_pictures_counts(shapes: Dataset) -> None:
    """One picture after the other, its classes sorted, its mistakes counted by class."""
    classifier, split = single(), shapes.split("validation")
    wrong, logs = dict.fromkeys(CLASSES, 0), 0.0
    for number, label in enumerate(split.labels.tolist()):
        pixels = split.images(np.array([number]))[0].permute(1, 2, 0).numpy()
        predictions = classifier.predict(pixels, 4, views=10)[0]
        wrong[shapes.classes[label]] += predictions[0].name != shapes.classes[label]
        own = next(one.probability for one in predictions if one.name == shapes.classes[label])
        logs -= math.log(own)
    found = evaluate(classifier, shapes)
    assert found.count == len(split)
    assert found.top1_error == pytest.approx(sum(wrong.values()) / len(split))
    assert 0.2 < found.top1_error < 1
    assert found.loss == pytest.approx(logs / len(split), rel=1e-4)
    assert {one.name: round(one.top1_error * one.count) for one in found.per_class} == wrong


def test_an_ensemble_of_one_is_the_run_itself(shapes: Dataset) -> None:
    one = single()
    alone = evaluate(one, shapes)
    assert evaluate([one], shapes) == alone
    twice = evaluate([one, one], shapes)
    assert twice.average_weights == (0.5, 0.5)
    assert replace(twice, networks=alone.networks, average_weights=(1.0,)) == alone
    for weights in ((1, 0), "2,0"):
        weighted = evaluate([one, single(2)], shapes, average=weights)
        assert replace(weighted, networks=alone.networks, average_weights=(1.0,), average="equal") == alone


def test_a_report_of_dense_views_says_so(shapes: Dataset) -> None:
    """And a network that is not finite there is named as with any views."""
    found = evaluate(dense_pair(), shapes, views="dense")
    assert found.to_dict()["views"] == "dense"
    assert "32 pictures, dense views, 2 networks" in repr(found)
    assert found.loss != evaluate(dense_pair(), shapes, views=1).loss
    with pytest.raises(DivergedError, match=r"overflowing gives .* for validation 0 \(conv3 is "):
        evaluate(overflowing(), shapes, views="dense")


def test_classes_are_matched_by_name_not_by_order(shapes: Dataset) -> None:
    """A network that knows the same classes in another order, and two more, makes the same mistakes."""
    found = untrained(Cifar18(classes=4, side=24), 1)
    expected = evaluate(Classifier(found, "run"), shapes, views=1)
    got = evaluate(Classifier(reordered(found, (3, 1, 0, 2)), "run"), shapes, views=1)
    assert got.top1_error == expected.top1_error
    assert got.loss == pytest.approx(expected.loss)
    assert sorted(got.per_class, key=str) == sorted(expected.per_class, key=str)
    assert got.per_class != expected.per_class


def test_runs_whose_classes_come_in_other_orders_are_averaged(shapes: Dataset) -> None:
    first, second = (untrained(Cifar18(classes=4, side=24), seed) for seed in (1, 2))
    expected = evaluate([Classifier(first, "a"), Classifier(second, "b")], shapes, views=1)
    other = Classifier(reordered(second, (1, 2, 3, 0)), "b")
    got = evaluate([Classifier(first, "a"), other], shapes, views=1)
    assert got.per_class == expected.per_class
    assert got.loss == pytest.approx(expected.loss)
    strange = Classifier(untrained(Cifar18(classes=4, side=24), classes=("a", "b", "c", "d")), "strange")
    with pytest.raises(CheckpointError, match="strange and a are for different classes"):
        evaluate([Classifier(first, "a"), strange], shapes)
    with pytest.raises(DataError, match="4 classes that strange was not trained on"):
        evaluate(strange, shapes)


@pytest.mark.slow  # seconds
@pytest.mark.parametrize("count", [2, 3])
def test_any_number_of_processes_gives_the_same_report(shapes: Dataset, tmp_path: Path, count: int) -> None:
    """32 pictures in batches of 12 times their number: the last shares are smaller, or empty.

    And all of them end, with the same words, for what one has seen.
    """
    alone = evaluate(pair(), shapes).to_dict()
    said = set()
    for found, failure in gang.run(report, count, tmp_path / "gang", shapes.directory, 10):
        assert found.pop("loss") == pytest.approx(alone["loss"])
        assert found == {name: value for name, value in alone.items() if name != "loss"}
        said.add(failure)
    assert len(said) == 1
    assert "for validation 0" in said.pop()


def test_a_network_that_is_not_finite_is_named_with_the_picture_and_the_stage(shapes: Dataset) -> None:
    """Its weights are finite: what they give is past what float32 holds."""
    with pytest.raises(DivergedError, match=r"overflowing gives .* for validation 0 \(conv3 is ") as caught:
        evaluate(overflowing(), shapes, views=1)
    assert caught.value.exit_code == 1
    broken = single()
    with torch.no_grad():
        dict(broken.network.named_parameters())["fc4.bias"][0] = -math.inf
    with pytest.raises(DivergedError, match="fc4 is infinite, all before it is finite"):
        evaluate([single(), broken], shapes, views=10)


def test_a_network_that_names_one_class_for_everything_is_said_to(shapes: Dataset) -> None:
    classifier = single()
    assert evaluate(classifier, shapes, views=1).collapse == ""
    with torch.no_grad():
        dict(classifier.network.named_parameters())["fc4.bias"][2] = 1e6
    found = evaluate(classifier, shapes, views=1)
    assert "'red triangle' for 100% of the pictures, and 25% are of that class" in found.collapse
    assert found.collapse in repr(found)
    assert "red triangle" in found._repr_html_()


def sees(found: Report, classifier: Classifier, pictures: Dataset) -> bool:
    """Whether a report's loss is that of pictures scaled by hand to a classifier's side."""
    split = pictures.split("validation")
    images = split.images(np.arange(len(split))).permute(0, 2, 3, 1).numpy()
    scaled = [square_pixels(image, classifier.side).transpose(1, 2, 0) for image in images]
    logs = [
        math.log(next(one.probability for one in predictions if one.name == pictures.classes[label]))
        for predictions, label in zip(classifier.predict(scaled, 4), split.labels.tolist(), strict=True)
    ]
    return found.loss == pytest.approx(-float(np.mean(logs)), rel=1e-4)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepare(Shapes(64, classes=4, side=64), tmp_path_factory.mktemp("large"), side=64)


def test_pictures_prepared_at_another_side_are_scaled_as_in_training(large: Dataset) -> None:
    """Not cut: a run that saw 32 pixels of a whole picture is not shown the middle 32 of 64."""
    classifier = Classifier(untrained(Cifar18(classes=4, side=24), 1, side=32), "run")
    found = evaluate(classifier, large, views=1)
    assert sees(found, classifier, large)
    same = Classifier(untrained(Cifar18(classes=4, side=24), 1, side=64), "run")
    assert sees(evaluate(same, large, views=1), same, large)


def test_each_run_of_an_average_sees_its_own_side(large: Dataset) -> None:
    made = untrained(Cifar18(classes=4, side=24), 1, side=32)
    small, whole = Classifier(made, "small"), Classifier(replace(made, data={"side": 64}), "whole")
    both = evaluate([small, whole], large, views=1)
    split = large.split("validation")
    images = split.images(np.arange(len(split))).permute(0, 2, 3, 1).numpy()
    right = 0
    for image, label in zip(images, split.labels.tolist(), strict=True):
        summed = dict.fromkeys(CLASSES, 0.0)
        for classifier in (small, whole):
            for prediction in classifier.predict(image, 4)[0]:
                summed[prediction.name] += prediction.probability
        right += max(summed, key=summed.__getitem__) == large.classes[label]
    assert both.top1_error == pytest.approx(1 - right / len(split))


def test_pictures_prepared_too_small_are_refused(shapes: Dataset) -> None:
    classifier = Classifier(untrained(Cifar18(classes=4, side=24), side=64), "run")
    with pytest.raises(DataError, match="prepared at a side of 32, and run was trained on pictures of 64"):
        evaluate(classifier, shapes)


def test_a_source_is_prepared_at_the_side_of_each_run() -> None:
    """It is at hand: nothing is scaled twice, and nothing is too small."""
    digits = alexnet.open_dataset("digits", side=40)
    first = Classifier(untrained(Cifar18(classes=10, side=24), 1, side=40, classes=digits.classes), "first")
    second = Classifier(untrained(Cifar18(classes=10, side=24), 2, side=32, classes=digits.classes), "second")
    found = evaluate([first, second], "digits", views=1)
    split = digits.split(found.split)
    assert found.count == len(split)
    alone = evaluate(first, "digits", views=1)
    logs = []
    for start in range(0, len(split), 100):
        rows = np.arange(start, min(start + 100, len(split)))
        own = view_probabilities(first.network, split.images(rows), 1)[range(len(rows)), split.labels[rows]]
        logs.append(own.double().log().sum())
    assert alone.loss == pytest.approx(-float(torch.stack(logs).sum()) / len(split), rel=1e-4)


def test_the_device_is_where_loaded_classifiers_are(shapes: Dataset, tmp_path: Path) -> None:
    checkpoint.save(untrained(Cifar18(classes=4, side=24), 1), tmp_path / "run.safetensors")
    there = Classifier(untrained(Cifar18(classes=4, side=24)), "there", device=torch.device("meta"))
    with_a_path: list[Path | Classifier] = [tmp_path / "run.safetensors", there]
    for runs, device in ((with_a_path, "cpu"), ([single(), there], "auto")):
        with pytest.raises(
            RecipeError, match="there is on meta, and cpu is to evaluate: load it with device='cpu'"
        ):
            evaluate(runs, shapes, device=device)
    with pytest.raises(RecipeError, match="`gpu` is not"):
        evaluate(tmp_path / "run.safetensors", shapes, device="gpu")
    assert evaluate(single(), shapes, device="cpu", views=1) == evaluate(single(), shapes, views=1)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
def test_a_cuda_device_gives_the_report_of_the_processor(shapes: Dataset, tmp_path: Path) -> None:
    checkpoint.save(untrained(Cifar18(classes=4, side=24), 1), tmp_path / "run.safetensors")
    expected = evaluate(tmp_path / "run.safetensors", shapes, device="cpu")
    found = evaluate(tmp_path / "run.safetensors", shapes, device="cuda")
    assert found.loss == pytest.approx(expected.loss, rel=1e-3)
    assert abs(found.top1_error - expected.top1_error) <= 1 / found.count + 1e-9


def test_a_report_is_one_line_at_a_prompt() -> None:
    assert repr(REPORT) == (
        "Report: digits validation, 1,359 pictures, 10 views: top-1 error 1.39% (0.60% to 3.22%), top-5 error 0.10% "
        "(0.00% to 1.00%)"
    )


def test_with_fewer_than_six_classes_top_five_is_not_shown() -> None:
    """Nothing can be missed by five guesses of five: the number stays, and is not said."""
    few = replace(REPORT, per_class=ERRORS[:5])
    assert REPORT.has_top5
    assert not few.has_top5
    assert "top-5" in REPORT._repr_html_()
    for shown in (repr(few), few._repr_html_()):
        assert "top-1" in shown
        assert "top-5" not in shown
    assert few.to_dict()["top5_error"] == 0.001


def test_names_of_classes_are_text_in_a_notebook() -> None:
    shown = replace(REPORT, per_class=(ClassError("x", "<script>", 3, 0.5),), data="<b>")._repr_html_()
    assert "<script>" not in shown
    assert "<b>" not in shown


def test_a_loss_that_is_not_finite_is_null_in_json() -> None:
    plain = replace(REPORT, loss=math.nan).to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False))["loss"] is None


def test_scores_confusion_and_calibration_are_of_the_same_answers(shapes: Dataset) -> None:
    """Counted by a loop over the answers, with the definitions written out."""
    classifier, split = single(3), shapes.split("validation")
    found = evaluate(classifier, shapes, views=1)
    shown = split.images(np.arange(len(split)))
    answered = view_probabilities(classifier.network, shown, 1)
    best, labels = answered.argmax(1).tolist(), split.labels.tolist()
    counts: dict[tuple[int, int], int] = {}
    for pair_ in zip(labels, best, strict=True):
        counts[pair_] = counts.get(pair_, 0) + 1
    assert {(label, named): count for label, named, count in found.confusion} == counts
    assert int(found.confusion_matrix().sum()) == found.count
    for number, one in enumerate(found.per_class):
        right, named = counts.get((number, number), 0), sum(n for (_, b), n in counts.items() if b == number)
        assert one.recall == pytest.approx(right / one.count)
        assert one.precision == pytest.approx(right / named if named else 0.0)
    assert found.balanced_accuracy == pytest.approx(sum(one.recall for one in found.per_class) / 4)
    most = found.most_confused(1)[0]
    assert most[2] == max(count for (label, named), count in counts.items() if label != named)
    assert most[0] is not most[1]
    assert sum(part.count for part in found.calibration) == found.count
    assert sum(part.count * part.accuracy for part in found.calibration) / found.count == pytest.approx(
        1 - found.top1_error
    )
    assert found.calibration_interval[0] <= found.calibration_error <= found.calibration_interval[1]


def test_the_schema_of_json_is_the_documented_one(shapes: Dataset) -> None:
    """A name that goes or changes its meaning raises the version."""
    report = evaluate(single(), shapes, views=1)
    found = json.loads(json.dumps(replace(report, paper=TABLES[2012]).to_dict(), allow_nan=False))
    assert found["schema"] == 3
    page = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    assert "| `schema` | version of this object: 3 |" in page
    names = {
        *found,
        *found["per_class"][0],
        *found["calibration"][0],
        *found["paper"],
        *found["paper"]["rows"][0],
    }
    assert names == set(re.findall(r"^\| `(\w+)` ", page.split("## Views")[0], re.MULTILINE))
    assert json.loads(json.dumps(report.to_dict()))["paper"] is None


def test_two_runs_are_compared_picture_by_picture(shapes: Dataset) -> None:
    first, second = single(1), single(2)
    found = compare([first, second], shapes, views=1)
    errors = [evaluate(network, shapes, views=1).top1_error for network in (first, second)]
    assert list(found.errors) == pytest.approx(errors)
    assert found.difference == pytest.approx(errors[1] - errors[0])
    assert found.only_first + found.only_second > 0
    other = Classifier(reordered(untrained(Cifar18(classes=4, side=24), 1), (3, 1, 0, 2)), "b")
    same = compare([first, other], shapes, views=1)
    assert (same.only_first, same.only_second, same.p_value) == (0, 0, 1.0)
    with pytest.raises(ValueError, match="two networks"):
        compare([first], shapes)
    with pytest.raises(DivergedError, match="overflowing gives"):
        compare([first, overflowing()], shapes, views=1)
