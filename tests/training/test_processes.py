"""Several processes train as one does: twenty steps of the layers of section 3."""

from collections.abc import Iterator
from pathlib import Path

import gang
import pytest
import torch
from steps import Ended, Narrow, recipe, trained

from alexnet.data.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.distributed.processes import ALONE
from alexnet.networks.network import Architecture


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As many threads as each of the processes has."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """66 pictures of 32 pixels: five batches of 13 and one of 1, an empty share for most processes."""
    folder = tmp_path_factory.mktemp("pictures") / "set"
    prepare(Shapes(66, classes=7, side=32), folder, side=32)
    return folder


def difference(found: Ended, expected: Ended) -> float:
    """Return the largest difference of a tensor, relative to its norm."""
    weights = [(found[0][name], value) for name, value in expected[0].items()]
    velocities = [(found[1][name], value) for name, value in expected[1].items()]
    return max(float((a - b).norm() / b.norm()) for a, b in weights + velocities)


ROUNDING = 1e-5


@pytest.mark.parametrize(
    ("scheme", "count", "network", "accumulate"),
    [
        ("data", 2, Narrow(), 1),
        ("data", 3, Narrow(), 2),
        ("columns", 2, Narrow(), 1),
        ("columns", 2, Narrow(groups=2), 2),
        ("hybrid", 2, Narrow(), 2),
        ("hybrid", 3, Narrow(), 1),
    ],
)
def test_processes_train_as_one(
    tmp_path: Path, pictures: Path, scheme: str, count: int, network: Architecture, accumulate: int
) -> None:
    """Weights, velocities, loss and errors after twenty steps, dropout and odd shares included."""
    chosen = recipe(network, accumulate=accumulate)
    expected = trained(ALONE, pictures, chosen)
    for found in gang.run(trained, count, tmp_path / "gang", pictures, chosen, scheme=scheme):
        assert difference(found, expected) < ROUNDING
        assert found[2] == pytest.approx(expected[2], rel=ROUNDING)
        assert found[3] == expected[3]
