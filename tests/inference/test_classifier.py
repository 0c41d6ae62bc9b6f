"""A classifier answers as its network does, also after the network has changed."""

from typing import Any

import numpy as np
import pytest
import torch

import alexnet
from alexnet.data.dataset import Dataset
from alexnet.errors import RecipeError
from alexnet.inference.classifier import Classifier
from alexnet.networks.network import Network


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
    together = classifier.predict(iter(pictures), views=10)
    assert max(seen) <= 128
    for predictions, expected in zip(together, one_by_one, strict=True):
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
