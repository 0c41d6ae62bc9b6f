"""What networks and layers show of themselves at a prompt."""

import pytest

from alexnet.networks.catalogue import NAMES, architecture, build
from alexnet.networks.network import Network
from alexnet.networks.summary import summary
from alexnet.networks.table import HEADINGS, NUMBERS, as_html, as_text, rows


@pytest.fixture(scope="module")
def network() -> Network:
    return Network.empty(architecture("alexnet"))


def test_a_network_shows_the_table_of_its_layers(network: Network) -> None:
    lines = repr(network).splitlines()
    assert lines[0] == "alexnet: pictures of 224 x 224, 1,000 classes"
    assert lines[1].split("  ")[0] == "stage"
    assert lines[2].split() == [
        "conv1",
        "convolution",
        "images",
        "96x55x55",
        "34,944",
        "290,400",
        "105,415,200",
        "11",
    ]
    assert lines[-1].split() == ["total", "60,965,224", "659,272", "724,406,816"]
    assert len({len(line) for line in lines[1:-1]}) == 1  # the last column is of numbers, on the right
    assert all(line == line.rstrip() for line in lines)
    assert repr(network) == as_text(lines[0], summary(network.architecture))


def test_a_notebook_shows_the_same_cells_and_no_markup_of_others(network: Network) -> None:
    shown = network._repr_html_()
    for row in rows(summary(network.architecture)):
        for cell in row:
            assert f">{cell}</td>" in shown
    for heading in (*HEADINGS, *NUMBERS):
        assert f">{heading}</th>" in shown
    assert "<script>" not in as_html("<script>", summary(network.architecture))


def test_layers_say_what_they_are_in_a_line(network: Network) -> None:
    stages = {stage.name: repr(stage) for stage in network.stages}
    assert stages["conv1"] == "conv1: 3 -> 96, 11x11, stride 4, relu"
    assert stages["conv2"] == "conv2: 96 -> 256, 5x5, padding 2, 2 groups, relu"
    assert stages["norm1"] == "norm1: 5 maps, alpha 0.0001, beta 0.75, k 2"
    assert stages["pool1"] == "pool1: max, 3x3, stride 2"
    assert stages["dropout6"] == "dropout6: keep 0.5"
    assert stages["fc8"] == "fc8: 4096 -> 1000, identity"
    assert repr(network.stage("fc8").operation) == "FullyConnected(4096 -> 1000, identity)"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("cifar", "figure"))])
def test_every_small_network_has_a_table_with_a_line_for_each_stage(name: str) -> None:
    network = build(name)
    assert len(repr(network).splitlines()) == len(network.stages) + 3
