"""A classifier answers as its network does, also after the network has changed."""

import numpy as np
import pytest
import torch

import alexnet
from alexnet.data.dataset import Dataset
from alexnet.evaluation.classifier import Classifier


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
    for guess in classifier.predict(picture, top=4)[0]:
        assert guess.probability == pytest.approx(float(expected[classifier.classes.index(guess.name)]))


def test_a_changed_weight_changes_the_answer(classifier: Classifier) -> None:
    """Kernels are transformed once; they must not outlive the weights that they were made of."""
    picture = np.random.default_rng(2).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    before = classifier.features(picture, "pool3")
    with torch.no_grad():
        dict(classifier.network.named_parameters())["conv2.weight"].neg_()
    assert not torch.allclose(classifier.features(picture, "pool3"), before)
