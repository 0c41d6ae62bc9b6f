"""Labels that are doubted, and what more pictures would give, where the truth is known."""

from dataclasses import replace
from pathlib import Path

import torch

from alexnet.checkpoint import Checkpoint, save
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18
from alexnet.training.learning_curve import expected_with_twice
from alexnet.training.logistic_regression import cross_validated, fit
from alexnet.training.mislabelled import doubted, network_for_doubts


def test_labels_that_were_changed_are_doubted_and_few_others() -> None:
    generator = torch.Generator().manual_seed(4)
    truth = torch.arange(200) % 4
    features = (torch.randn(4, 16, generator=generator) * 6)[truth][:, None] + torch.randn(
        200, 1, 16, generator=generator
    )
    labels = truth.clone()
    wrong = torch.arange(0, 200, 20)
    labels[wrong] = (labels[wrong] + 1 + torch.arange(10) % 3) % 4
    found = doubted(cross_validated(features, labels, 4).probabilities, labels)
    assert len(set(wrong.tolist()) & set(found)) >= 6
    assert len(found) <= len(wrong) + 4


def test_labels_that_fit_are_not_doubted() -> None:
    labels = torch.arange(40) % 4
    assert doubted(torch.nn.functional.one_hot(labels, 4).float(), labels) == []


def test_twice_the_pictures_err_about_as_expected() -> None:
    """The law is held against what twice as many of the same kind really give."""
    generator = torch.Generator().manual_seed(5)
    centres = torch.randn(4, 60, generator=generator) * 0.45

    def drawn(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.arange(count) % 4
        return centres[labels][:, None] + torch.randn(count, 1, 60, generator=generator), labels

    expected = expected_with_twice(*drawn(200), 4, penalty=1.0)
    assert expected is not None
    assert expected.pictures == 400

    test, truth = drawn(4000)
    real = float((fit(*drawn(400), 4, 1.0).probabilities(test).argmax(1) != truth).double().mean())
    assert expected.low - 0.05 <= real <= expected.high + 0.05


def test_of_too_few_pictures_nothing_is_expected() -> None:
    assert expected_with_twice(torch.zeros(30, 1, 5), torch.arange(30) % 3, 3, penalty=1.0) is None


def test_of_a_class_of_few_pictures_no_label_is_doubted() -> None:
    labels = torch.tensor([0] * 30 + [1] * 3)
    assert doubted(torch.tensor([[0.99, 0.01]]).expand(33, 2), labels) == []


def test_no_path_that_a_checkpoint_names_is_opened(tmp_path: Path) -> None:
    """The recipe of a stranger's checkpoint names a real one: it stays closed, and the network's own features count."""
    network = Network(Cifar18(classes=2, side=12))
    found = Checkpoint(network.architecture, network.state_dict(), classes=("a", "b"), words=("a", "b"))
    other = replace(found, weights={name: value + 1 for name, value in found.weights.items()})
    save(other, tmp_path / "other.safetensors")
    hostile = replace(found, recipe={"training": {"start": str(tmp_path / "other.safetensors")}})
    doubting, source = network_for_doubts(hostile, 2)
    assert source == ""
    assert torch.equal(doubting.state_dict()["conv1.weight"], found.weights["conv1.weight"])
