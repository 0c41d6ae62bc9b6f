"""Probabilities against loops: every view cut by hand, every network by itself, every picture alone."""

import math

import numpy as np
import pytest
import torch
from evaluations import CLASSES, dense_pair, pair, reordered, untrained

from alexnet.data.dataset import Dataset
from alexnet.evaluation.predict import Member, probabilities
from alexnet.inference.classifier import Classifier
from alexnet.networks.dense import dense_logits
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18


def views_by_hand(picture: np.ndarray, side: int, views: int) -> list[np.ndarray]:
    """Cut views pixel by pixel: corners and centre, and what a mirror shows of each (section 4.1)."""
    far = picture.shape[-1] - side
    corners = [(0, 0), (0, far), (far // 2, far // 2), (far, 0), (far, far)]
    cut = []
    for top, left in corners if views >= 5 else [corners[2]]:
        view = np.zeros((3, side, side), np.uint8)
        for y in range(side):
            for x in range(side):
                view[:, y, x] = picture[:, top + y, left + x]
        cut.append(view)
    return [*cut, *(np.stack([view[:, :, side - 1 - x] for x in range(side)], 2) for view in cut)][:views]


def by_hand(network: Network, picture: np.ndarray, views: int) -> list[float]:
    """Average the softmax of each view's logits, one view at a time."""
    total = [0.0] * 4
    for view in views_by_hand(picture, network.architecture.side, views):
        with torch.no_grad():
            logits = network.eval()(torch.from_numpy(view)[None])[0].double().tolist()
        powers = [math.exp(logit - max(logits)) for logit in logits]
        total = [sum_ + power / sum(powers) / views for sum_, power in zip(total, powers, strict=True)]
    return total


@pytest.mark.parametrize("views", [1, 5, 10])
@pytest.mark.parametrize("batch_size", [1, 70])
def test_two_different_networks_are_averaged_as_a_loop_does(
    shapes: Dataset, views: int, batch_size: int
) -> None:
    """Of other architectures, sides and orders of classes; pictures of 32 pixels, inputs of 24 and 20."""
    split = shapes.split("validation")
    first, second = (classifier.network for classifier in pair())
    columns = torch.tensor([1, 3, 0, 2])  # of the first one's classes in the second: 2, 0, 3, 1 undone
    members = [Member(first, split), Member(second, split, columns)]
    found = list(probabilities(members, views=views, batch_size=batch_size))
    rows = torch.cat([batch.probabilities for batch in found])
    assert torch.cat([batch.indices for batch in found]).tolist() == list(range(len(split)))
    assert torch.cat([batch.labels for batch in found]).tolist() == split.labels.tolist()
    assert float(rows.std(0).min()) > 0.02, (
        "the networks say the same of every picture: this test shows nothing"
    )
    for number in range(0, len(split), 5):
        picture = split.images(np.array([number]))[0].numpy()
        one, other = by_hand(first, picture, views), by_hand(second, picture, views)
        expected = [(one[k] + other[int(columns[k])]) / 2 for k in range(4)]
        assert rows[number].tolist() == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("views", [1, 5, 10])
def test_of_pictures_as_large_as_the_input_equal_views_are_computed_once(
    shapes: Dataset, views: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five views are the picture and five its mirror: the average is that of a loop over all ten."""
    network = Classifier(untrained(Cifar18(classes=4, side=32), 1), "whole").network
    split, seen, forward = shapes.split("validation"), list[int](), Network.forward

    def counted(self: Network, images: torch.Tensor) -> torch.Tensor:
        seen.append(len(images))
        return forward(self, images)

    monkeypatch.setattr(Network, "forward", counted)
    found = torch.cat([batch.probabilities for batch in probabilities([Member(network, split)], views=views)])
    assert sum(seen) == len(split) * (2 if views == 10 else 1)
    monkeypatch.setattr(Network, "forward", forward)
    for number in range(0, len(split), 9):
        expected = by_hand(network, split.images(np.array([number]))[0].numpy(), views)
        assert found[number].tolist() == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("batch_size", [1, 70])
def test_dense_views_are_averaged_before_networks_are(shapes: Dataset, batch_size: int) -> None:
    """Of two networks: each one's softmax at every position, one picture at a time."""
    split = shapes.split("validation")
    members = [Member(classifier.network, split) for classifier in dense_pair()]
    found = list(probabilities(members, views="dense", batch_size=batch_size))
    rows = torch.cat([batch.probabilities for batch in found])
    for number in range(0, len(split), 7):
        picture = split.images(np.array([number]))
        each = []
        for member in members:
            with torch.no_grad():
                logits = dense_logits(member.network, picture)[0].double()
            views = [[math.exp(x) / sum(map(math.exp, row)) for x in row] for row in logits.tolist()]
            each.append(np.mean(views, axis=0))
        assert rows[number].tolist() == pytest.approx(np.mean(each, axis=0).tolist(), abs=2e-5)


def test_weights_are_shares_of_the_average(shapes: Dataset) -> None:
    """Three parts to one; a weight of 0 leaves a network out; equal ones are the mean to the last bit."""
    split = shapes.split("validation")
    first, second = (classifier.network for classifier in dense_pair())

    def average(*weights: float) -> torch.Tensor:
        members = [
            Member(network, split, weight=w) for network, w in zip((first, second), weights, strict=True)
        ]
        return torch.cat([batch.probabilities for batch in probabilities(members, views=1)])

    one, other = average(1, 0), average(0, 1)
    assert torch.allclose(average(3, 1), 0.75 * one + 0.25 * other, atol=1e-6)
    assert torch.equal(average(0.3, 0.3), torch.stack([one, other]).mean(0))
    alone = torch.cat([batch.probabilities for batch in probabilities([Member(first, split)], views=1)])
    assert torch.equal(one, alone)
    assert not torch.allclose(one, other, atol=0.01)


def test_a_split_that_members_share_is_read_once(shapes: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    split = shapes.split("validation")
    read, asked = type(split).images, list[int]()

    def counted(self: object, indices: np.ndarray) -> torch.Tensor:
        asked.extend(indices.tolist())
        return read(split, indices)

    monkeypatch.setattr(type(split), "images", counted)
    first, second = (classifier.network for classifier in pair())
    list(probabilities([Member(first, split), Member(second, split)], views=1))
    assert asked == list(range(len(split)))


def test_what_is_yielded_may_be_part_of_a_graph(shapes: Dataset) -> None:
    """Not a tensor of inference mode, which autograd refuses."""
    network = Classifier(untrained(Cifar18(classes=4, side=24)), "one").network
    batch = next(probabilities([Member(network, shapes.split("validation"))], views=1))
    assert not batch.probabilities.is_inference()


def test_an_order_of_classes_is_undone_by_its_columns() -> None:
    """What the other tests rely on: column `columns[k]` of the reordered network is class k."""
    found = untrained(Cifar18(classes=4, side=24))
    other = reordered(found, (2, 0, 3, 1))
    assert [other.classes[column] for column in (1, 3, 0, 2)] == list(CLASSES)
    picture = torch.full((1, 3, 24, 24), 200, dtype=torch.uint8)
    with torch.no_grad():
        assert torch.allclose(other.network()(picture)[:, [1, 3, 0, 2]], found.network()(picture), atol=1e-5)
