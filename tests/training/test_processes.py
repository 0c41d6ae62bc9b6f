"""Several processes train as one does: twenty steps of the layers of section 3."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gang
import pytest
import torch
from steps import Ended, Narrow, recipe, trained

from alexnet.data.augmentation.mixing import Mixing
from alexnet.data.augmentation.modern import ModernAugmentation
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.distributed.micro_batches import BatchDivision
from alexnet.distributed.rank import ProcessRank
from alexnet.errors import RecipeError
from alexnet.evaluation.metrics import Tally
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.network import Network
from alexnet.networks.parallel.partition import partition
from alexnet.networks.stage import Architecture
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Recipe
from alexnet.training.signals import SignalGuard
from alexnet.training.validation import validate


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As many threads as each of the processes has."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """68 pictures of 44 pixels: five batches of 13 and one of 3, and 17 for validation."""
    folder = tmp_path_factory.mktemp("pictures") / "set"
    prepare(Shapes(68, classes=7, side=44), folder, side=44)
    return folder


def difference(found: Ended, expected: Ended) -> float:
    """Return the largest difference of a tensor, relative to its norm."""
    weights = [(found[0][name], value) for name, value in expected[0].items()]
    velocities = [(found[1][name], value) for name, value in expected[1].items()]
    return max(float((a - b).norm() / b.norm()) for a, b in weights + velocities)


ROUNDING = 1e-5


CASES = [
    ("data", 2, Narrow(), {"accumulate": 2}),
    ("columns", 2, Narrow(), {}),
    ("hybrid", 2, Narrow(), {"rates": LayerHyperparameters(weight=5.0, trust=0.001), "reference_batch": 26}),
    pytest.param("data", 3, Narrow(), {}, marks=pytest.mark.slow),
    pytest.param("columns", 2, Narrow(groups=2), {"accumulate": 2}, marks=pytest.mark.slow),
    pytest.param("hybrid", 3, Narrow(), {"accumulate": 2}, marks=pytest.mark.slow),
]


def worked(processes: ProcessGroup, folder: Path, chosen: Recipe) -> tuple[Ended, Tally]:
    """Take twenty steps, and judge the validation pictures with another network."""
    network, _ = partition(Network(chosen.network, seed=3), processes)
    split = Dataset.open(folder).split("validation")
    tally = validate(network, split, 10, SignalGuard(processes), processes)
    return trained(processes, folder, chosen), tally


@pytest.mark.parametrize(("scheme", "count", "network", "settings"), CASES)
def test_processes_train_and_judge_as_one(
    tmp_path: Path,
    pictures: Path,
    scheme: str,
    count: int,
    network: Architecture,
    settings: dict[str, Any],
) -> None:
    """Weights, velocities, loss and errors after twenty steps, dropout and odd shares included.

    Seventeen pictures are judged, which neither two nor three processes share evenly.
    """
    chosen = recipe(network, **settings)
    expected, judged = worked(ALONE, pictures, chosen)
    assert judged.count == 17
    for found, tally in gang.run(worked, count, tmp_path / "gang", pictures, chosen, scheme=scheme):
        assert difference(found, expected) < ROUNDING
        assert found[2] == pytest.approx(expected[2], rel=ROUNDING)
        assert found[3] == expected[3]
        assert (tally.count, tally.top1, tally.top5) == (17, judged.top1, judged.top5)
        assert torch.equal(tally.class_counts, judged.class_counts)
        assert torch.equal(tally.class_top1, judged.class_top1)
        assert tally.loss == pytest.approx(judged.loss, rel=ROUNDING)


@pytest.mark.slow  # seconds
@pytest.mark.parametrize("scheme", ["data", "columns"])
def test_processes_mix_pictures_as_one_does(tmp_path: Path, pictures: Path, scheme: str) -> None:
    """Neighbours of a batch of thirteen, in two parts: the shares begin at even rows."""
    plain = recipe(Narrow(), accumulate=2)
    mixed = ModernAugmentation(side=plain.augmentation.side, mixing=Mixing(mixup=0.5, cutmix=1.0))
    chosen = replace(plain, augmentation=mixed)
    expected = trained(ALONE, pictures, chosen)
    for found in gang.run(trained, 2, tmp_path / "gang", pictures, chosen, scheme=scheme):
        assert difference(found, expected) < ROUNDING
        assert found[3] == expected[3]


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "count"), [("data", 2), ("columns", 2), ("hybrid", 2)])
def test_the_printed_network_trains_as_one(tmp_path: Path, pictures: Path, scheme: str, count: int) -> None:
    """Section 3's filters and columns, its normalisation across them, on small pictures with few units.

    Its velocities are nothing but rounding here, a billionth, and are not compared.
    """
    chosen = recipe(AlexNet(classes=7, side=40, units=24))
    expected = trained(ALONE, pictures, chosen)
    for found in gang.run(trained, count, tmp_path / "gang", pictures, chosen, scheme=scheme):
        for name, value in expected[0].items():
            assert float((found[0][name] - value).norm()) < ROUNDING * float(value.norm()) + 1e-7, name
        assert found[2] == pytest.approx(expected[2], rel=ROUNDING)


def test_more_processes_than_columns_are_refused() -> None:
    processes = ProcessGroup(ProcessRank(0, 4), "columns")
    with pytest.raises(RecipeError, match=r"conv2 has 12 filters in 2 columns.*as many processes"):
        partition(Network(Narrow()), processes)


@pytest.mark.parametrize(
    ("total", "count", "parts", "multiple"),
    [(13, 3, 1, 1), (1, 3, 2, 1), (128, 2, 4, 8), (13, 2, 1, 4), (5, 8, 3, 2), (0, 2, 1, 1)],
)
def test_shares_cover_every_row_once(total: int, count: int, parts: int, multiple: int) -> None:
    """However a batch is cut, each row is read by one process; with columns, by each."""
    for scheme, times in (("data", 1), ("columns", count)):
        rows: list[int] = []
        for rank in range(count):
            group = ProcessGroup(ProcessRank(rank, count), scheme)
            for part in BatchDivision(group, parts, multiple).micro_batches(total):
                assert part.loss_rows.stop - part.loss_rows.start <= part.rows.stop - part.rows.start
                rows += range(total)[part.rows]
        assert sorted(rows) == sorted(list(range(total)) * times)
