"""A classifier answers as its network does, also after the network has changed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from evaluations import overflowing, untrained
from PIL import Image

import alexnet
from alexnet.checkpoint import Checkpoint
from alexnet.data.dataset import Dataset
from alexnet.errors import DivergedError, RecipeError
from alexnet.inference.classifier import Classifier
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18, Cifar80Seconds
from alexnet.networks.stage import Architecture


@pytest.fixture(scope="module")
def classifier(shapes: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    run = tmp_path_factory.mktemp("run") / "shapes"
    alexnet.train(shapes, recipe="cifar-18pct", run=run, settings={"training.epochs": 1}, quiet=True)
    return alexnet.load(run)


def test_probabilities_are_those_of_the_network(classifier: Classifier) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    with torch.no_grad():
        logits = classifier.network.eval()(torch.from_numpy(picture).permute(2, 0, 1)[None])
    expected = torch.softmax(logits, 1)[0]
    for prediction in classifier.predict(picture, top=4)[0]:
        assert prediction.probability == pytest.approx(
            float(expected[classifier.classes.index(prediction.name)])
        )


def test_a_changed_weight_changes_the_answer(classifier: Classifier) -> None:
    """Kernels are transformed once; they must not outlive the weights that they were made of."""
    picture = np.random.default_rng(2).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    before = classifier.features(picture, "pool3")
    with torch.no_grad():
        dict(classifier.network.named_parameters())["conv2.weight"].neg_()
    assert not torch.allclose(classifier.features(picture, "pool3"), before)


def test_hooks_are_called_whenever_they_were_registered(classifier: Classifier) -> None:
    """Also those that keep what they see in their owner, of which a copy would be of no use."""
    picture = np.zeros((32, 32, 3), dtype=np.uint8)
    before = classifier.features(picture, "pool3")
    seen: list[torch.Size] = []
    handle = classifier.network.stage("conv3").operation.register_forward_hook(
        lambda module, given, value: seen.append(value.shape)
    )
    assert torch.allclose(classifier.features(picture, "pool3"), before, atol=1e-5)
    handle.remove()
    classifier.predict(picture)
    assert seen == [(1, 64, 8, 8)]


def test_many_pictures_are_answered_a_part_at_a_time(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory for the views of some pictures is enough for those of any number."""
    pictures = list(np.random.default_rng(3).integers(0, 256, (30, 32, 32, 3), dtype=np.uint8))
    seen: list[int] = []
    run = Network._run

    def watched(network: Network, images: torch.Tensor, *rest: Any) -> dict[str, torch.Tensor]:
        seen.append(len(images))
        return run(network, images, *rest)

    monkeypatch.setattr(Network, "_run", watched)
    one_by_one = [classifier.predict(picture, views=10)[0] for picture in pictures]
    seen.clear()
    found = classifier.predict(iter(pictures), views=10)
    assert max(seen) <= 128
    for predictions, expected in zip(found, one_by_one, strict=True):
        assert [prediction.probability for prediction in predictions] == pytest.approx(
            [prediction.probability for prediction in expected]
        )
    assert classifier.features(pictures * 5, "pool3").shape[0] == 150
    assert max(seen) <= 128


@pytest.mark.parametrize("top", [0, -1])
def test_no_class_is_nothing_to_ask_for(classifier: Classifier, top: int) -> None:
    with pytest.raises(RecipeError, match=f"{top} classes"):
        classifier.predict(np.zeros((32, 32, 3), np.uint8), top)


@pytest.mark.parametrize("views", [0, 2])
def test_views_that_are_not_cut_are_refused(classifier: Classifier, shapes: Dataset, views: int) -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    with pytest.raises(RecipeError, match=f"{views} views"):
        classifier.predict(picture, views=views)
    with pytest.raises(RecipeError, match=f"{views} views"):
        alexnet.evaluate(classifier, shapes, views=views)


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({"top": 2.0}, TypeError, "top is 2.0: expected how many classes"),
        ({"top": True}, TypeError, "top is True"),
        ({"top": "5"}, TypeError, "top is '5'"),
        ({"top": None}, TypeError, "top is None"),
        ({"views": 3}, RecipeError, "3 views are not cut here; choices: 1"),
        ({"views": True}, TypeError, "views is True: expected 1, 5, 10"),
        ({"views": "10"}, TypeError, "views is '10'"),
        ({"views": 1.0}, TypeError, "float"),
    ],
)
def test_what_is_asked_for_is_a_whole_number(
    asked: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        overflowing().predict(np.zeros((32, 32, 3), np.uint8), **asked)


def test_numbers_of_numpy_are_numbers() -> None:
    black = np.zeros((32, 32, 3), np.uint8)
    assert len(overflowing().predict(black, np.int64(2), views=np.int32(10))[0]) == 2  # type: ignore[arg-type]  # as NumPy has it


def test_a_stage_that_is_not_there_is_answered_with_those_that_are() -> None:
    classifier, picture = overflowing(), np.zeros((32, 32, 3), np.uint8)
    with pytest.raises(RecipeError, match=r"`fc7` is not a stage of cifar-18pct; .*Choices: conv1, .*fc4"):
        classifier.features(picture, "fc7")
    none: Any = None
    with pytest.raises(TypeError, match="a stage is named by text, not by NoneType"):
        classifier.features(picture, none)


@pytest.mark.parametrize(
    ("architecture", "stage", "values"),
    [
        (Cifar18(), "pool3", (64, 4, 4)),
        (Cifar80Seconds(), "fc4", (64,)),
        (AlexNet(classes=3, side=36, units=5), "fc7", (5,)),
        (AlexNet(classes=3, side=36, units=5, dropout=False), "fc7", (5,)),
        (AlexNet(classes=3, side=36, units=5, without=("fc7",)), "fc6", (5,)),
        (AlexNet(classes=3, side=36, units=5, without=("fc6", "fc7")), "pool5", (256, 1, 1)),
    ],
)
def test_the_last_hidden_layer_has_a_name_in_any_network(
    architecture: Architecture, stage: str, values: tuple[int, ...]
) -> None:
    """What the last layer with weights reads, but not as dropout leaves it."""
    classes = tuple(str(number) for number in range(architecture.classes))
    found = Checkpoint(architecture, Network(architecture).state_dict(), classes, classes)
    classifier, picture = Classifier(found, "run"), np.full((50, 50, 3), 90, np.uint8)
    assert classifier.last_hidden_stage == stage
    features = classifier.features(picture)
    assert tuple(features.shape[1:]) == values
    assert torch.equal(features, classifier.features(picture, stage))


def test_features_may_begin_a_graph() -> None:
    """Inference tensors may not be saved for a backward pass: a probe on features could not be trained."""
    classifier = Classifier(untrained(Cifar18(classes=4, side=24)), "run")
    features = classifier.features(np.full((32, 32, 3), 90, np.uint8))
    probe = torch.nn.Linear(features.flatten(1).shape[1], 2)
    probe(features.flatten(1)).sum().backward()
    assert probe.weight.grad is not None


@pytest.mark.parametrize("views", [1, 10])
def test_a_picture_without_probabilities_is_named_with_the_stage(views: int) -> None:
    """The black one has some: 130 pictures and more are in different parts, and the number is that of them all."""
    black, white = np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8)
    classifier = overflowing()
    assert classifier.predict([black])[0][0].probability > 0
    with pytest.raises(DivergedError, match=r"overflowing gives .* for images\[133\] \(conv3 is "):
        classifier.predict([black] * 133 + [white], views=views)


def test_a_path_without_probabilities_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), "white").save(tmp_path / "white.png")
    with pytest.raises(DivergedError, match=r"for .*white\.png \(conv3 is "):
        overflowing().predict(tmp_path / "white.png")


def test_a_classifier_says_what_it_is() -> None:
    classifier = Classifier(untrained(Cifar18(classes=4, side=24)), "runs/shapes")
    assert repr(classifier) == (
        "Classifier(cifar-18pct, 4 classes, pictures of 32x32, views of 24x24, from 'runs/shapes')"
    )


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
def test_a_cuda_device_answers_as_the_processor() -> None:
    found, picture = untrained(Cifar18(classes=4, side=24)), np.full((32, 32, 3), 90, np.uint8)
    expected = Classifier(found, "run").predict(picture, views=10)[0]
    there = Classifier(found, "run", device=torch.device("cuda"))
    assert "on cuda" in repr(there)
    assert [one.probability for one in there.predict(picture, views=10)[0]] == pytest.approx(
        [one.probability for one in expected], abs=1e-3
    )
    assert there.features(picture).device.type == "cpu"
