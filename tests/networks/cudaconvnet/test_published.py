"""The published files of the 2012 program: parameters and maps to the last one, and a step of training.

The files (expected.csv among them) are Google's, under a BSD licence, and not part of this package: they are
looked for at ALEXNET_TEST_NETWORKS and in ../shared/networks beside the checkout.
"""

import csv
import os
import re
import time
import warnings
from pathlib import Path

import pytest
import torch

from alexnet.networks.costs import objective
from alexnet.networks.cudaconvnet import Definition, DefinitionWarning
from alexnet.networks.cudaconvnet.column_weights import merge_weights
from alexnet.networks.network import Network
from alexnet.training.optimizer import LayerHyperparameters, MomentumSGD

pytestmark = pytest.mark.slow
FILES = [
    *(
        f"layers-{n}.cfg"
        for n in ("114", "120", "135", "137", "145-half", "145", "146-2011", "146-2012-2011", "147")
    ),
    *(f"layers-{n}.cfg" for n in ("148", "150", "153", "167", "2009-101")),
    *(f"examples/layers-{n}.cfg" for n in ("18pct", "80sec", "conv-local-13pct")),
    *(f"cifar/layers-{n}.cfg" for n in ("18pct", "conv-local-13pct")),
]


@pytest.fixture(scope="module")
def published() -> Path:
    chosen = os.environ.get("ALEXNET_TEST_NETWORKS")
    folder = Path(chosen) if chosen else Path(__file__).parents[4] / "shared" / "networks"
    if not folder.is_dir():
        pytest.skip("the published files are neither at ALEXNET_TEST_NETWORKS nor in ../shared/networks")
    return folder


def read(path: Path, *, merged: bool = True) -> Definition:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DefinitionWarning)
        return Definition.read(path, merged=merged)


def expected(folder: Path, file: str) -> dict[str, str]:
    with (folder / "expected.csv").open(newline="") as rows:
        return next(row for row in csv.DictReader(rows) if row["file"] == file)


def test_every_published_file_is_tried(published: Path) -> None:
    assert {str(path.relative_to(published)) for path in published.rglob("layers-*.cfg")} == set(FILES)


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("file", FILES)
def test_it_has_exactly_the_parameters_that_are_recorded(published: Path, file: str, merged: bool) -> None:
    value, row = read(published / file, merged=merged), expected(published, file)
    with torch.device("meta"):
        network = Network(value)
    counts = dict.fromkeys(("weights", "biases"), 0)
    for name, parameter in network.named_parameters():
        counts["biases" if name.endswith("bias") else "weights"] += parameter.numel()
    assert counts == {"weights": int(row["weights"]), "biases": int(row["biases"])}
    assert row["input"] == f"{value.side}x{value.side}x3"


@pytest.mark.parametrize("file", FILES)
def test_it_has_exactly_the_maps_that_are_recorded(published: Path, file: str) -> None:
    with torch.device("meta"):
        shapes = Network(read(published / file, merged=False)).shapes()
    recorded = re.findall(r"(\w+) (\d+)x(\d+)x(\d+)", expected(published, file)["feature_maps"])
    assert recorded
    for name, height, width, channels in recorded:
        assert shapes[name] == (int(channels), int(height), int(width)), name


@pytest.mark.parametrize("file", FILES)
def test_it_takes_a_step_of_training(published: Path, file: str) -> None:
    network = Network(read(published / file))
    side = network.architecture.side
    images = torch.randint(0, 256, (2, 3, side, side), generator=torch.Generator().manual_seed(0)).float()
    labels = torch.tensor([0, network.architecture.classes - 1])
    optimizer = MomentumSGD(network)
    loss = objective(network.costs, network.cost_inputs(images - 120.0), labels)
    loss.backward()
    optimizer.step(lambda name: LayerHyperparameters(), lambda schedule: 1.0)
    assert torch.isfinite(loss)
    assert all(torch.isfinite(parameter).all() for parameter in network.parameters())
    assert any(velocity.abs().max() > 0 for velocity in optimizer.velocity.values())


@pytest.mark.parametrize("file", FILES)
def test_it_is_read_in_less_than_a_tenth_of_a_second(published: Path, file: str) -> None:
    times = []
    for _ in range(3):
        start = time.process_time()
        read(published / file)
        times.append(time.process_time() - start)
    assert min(times) < 0.1


def test_both_forms_of_net_145_are_one_network(published: Path) -> None:
    """Outputs and gradients agree to 1e-5, relative, from the same weights.

    Gradients are compared in double precision: in single precision a different order of summation is enough for
    a pool to find another of two nearly equal values the largest, and that sends its whole gradient elsewhere.
    """
    columns = Network(read(published / "layers-145.cfg", merged=False), seed=1).eval()
    joined = read(published / "layers-145.cfg")
    merged = Network(joined, seed=2).eval()
    merged.load_weights(merge_weights(columns.state_dict(), joined.merges()), "columns")
    images = 255.0 * torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(3)) - 120.0
    with torch.no_grad():
        assert (columns(images) - merged(images)).norm() < 1e-5 * columns(images).norm()
    for network in (columns.double(), merged.double()):
        torch.nn.functional.cross_entropy(20.0 * network(images), torch.tensor([1, 2])).backward()
    slopes = {name: value.grad for name, value in columns.named_parameters() if value.grad is not None}
    wanted = merge_weights(slopes, joined.merges())
    for name, value in merged.named_parameters():
        assert value.grad is not None
        assert (value.grad - wanted[name]).norm() < 1e-5 * wanted[name].norm(), name


def test_net_145_is_the_network_as_trained(published: Path) -> None:
    """The one written in code gives the logits of the one read from the file."""
    from alexnet.networks.as_trained import AsTrained

    value = read(published / "layers-145.cfg")
    network, written = Network(value).eval(), Network(AsTrained()).eval()
    names = {"fc2048": "fc6", "fc2048b_ab": "fc7", "fc1000": "fc8"}
    state = {".".join([names.get(a, a), b]): v for (a, b), v in (
        (name.rsplit(".", 1), value) for name, value in network.state_dict().items() if "." in name
    )}  # fmt: skip
    written.load_weights({**state, "mean": network.mean}, "the file's network")
    images = 255.0 * torch.rand(1, 3, 224, 224) - 120.0
    with torch.no_grad():
        torch.testing.assert_close(written(images), network(images), rtol=1e-4, atol=1e-6)
