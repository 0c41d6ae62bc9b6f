"""The benchmark's arithmetic, the peers' graph, and one measurement from end to end."""

import importlib.metadata
import json

import pytest
import torch
from torch import nn

from alexnet.bench import machine, rounds
from alexnet.bench.contestants import CONTESTANTS
from alexnet.bench.graph import onnx_graph
from alexnet.bench.plain import PlainMapNormalization, copy_weights, plain_cifar, plain_network
from alexnet.bench.rounds import Times
from alexnet.bench.tasks import INFERENCE_GFLOP, TASKS, TRAIN_GFLOP, bandwidth, gflops, measure
from alexnet.bench.worker import Worker
from alexnet.errors import AlexNetError
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.layers.layer import Weighted
from alexnet.networks.layers.normalization import MapNormalization
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18


def test_the_costs_are_those_of_the_printed_network() -> None:
    """Two operations a multiplication; training has three passes, but none for the gradient of the pixels."""
    network = Network(AlexNet())
    shapes = {"images": (3, 224, 224), **network.shapes()}
    costs = [
        stage.operation.multiply_adds(*(shapes[name] for name in stage.inputs))
        for stage in network.stages
        if isinstance(stage.operation, Weighted)
    ]
    assert 2 * sum(costs) / 1e9 == pytest.approx(INFERENCE_GFLOP, abs=0.001)
    assert (6 * sum(costs) - 2 * costs[0]) / 1e9 == pytest.approx(TRAIN_GFLOP, abs=0.001)


def test_the_plain_network_computes_the_same_function() -> None:
    network, plain = Network(AlexNet(), seed=1).eval(), plain_network().eval()
    generator = torch.Generator().manual_seed(1)
    for value in network.parameters():
        if value.dim() > 1:
            value.data.normal_(0, (2 / value[0].numel()) ** 0.5, generator=generator)
    copy_weights(network, plain)
    images = torch.rand(1, 3, 224, 224, generator=generator) * 255
    with torch.inference_mode():
        ours, theirs = network(images), plain(images)
    assert (ours - theirs).norm() < 1e-4 * theirs.norm()


def test_the_plain_small_network_has_the_same_parts() -> None:
    ours = [tuple(value.shape) for value in Network(Cifar18()).parameters()]
    assert ours == [tuple(value.shape) for value in plain_cifar().parameters()]
    x = torch.randn(2, 4, 5, 5, generator=torch.Generator().manual_seed(1))
    layer: nn.Module = MapNormalization(3, scale=5e-5)
    assert torch.allclose(layer(x), PlainMapNormalization()(x), rtol=1e-5)


def test_bounds_and_ratios_are_of_the_same_round() -> None:
    """A machine twice as slow in one round changes no ratio."""
    seconds = {"sgemm": [1.0, 2.0, 1.0], "stream": [0.02, 0.04, 0.02], "x": [5.0, 10.0, 5.0]}
    times = Times(seconds, {}, {})
    assert times.ratio(lambda round_: round_("x") / round_("sgemm")) == 5.0
    assert times.ratio(gflops) == pytest.approx(2 * 4096**3 / 1e9)
    assert times.ratio(bandwidth) == pytest.approx(20e9)
    assert times.spread("x") == (5.0, 10.0)


def test_every_task_names_contestants_that_exist() -> None:
    for task in TASKS.values():
        assert set(task.contestants) <= set(CONTESTANTS)
        assert any(contestant.endswith("-plain") for contestant in task.contestants)


def test_a_contestant_is_measured_where_all_it_needs_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {name.partition("-")[2] for task in TASKS.values() for name in task.contestants}
    halves = {"compile-bfloat16", "openvino-bfloat16"}
    assert kinds == {"ours", "quantized", "plain", "compile", *halves, *machine.PEERS}
    versions = {"onnxruntime": "1", "jax": "2", "jaxlib": "2", "keras": "3"}
    monkeypatch.setattr(machine, "installed", versions.get)
    assert machine.present("jax")
    assert machine.present("ours")
    assert not machine.present("onnxruntime")  # without onnx there is no graph
    assert not machine.present("keras")  # without TensorFlow it has nothing to compute with
    assert versions.items() <= machine.machine().items()
    monkeypatch.setattr(machine, "has_bfloat16", lambda: False)
    assert not machine.present("compile-bfloat16")
    monkeypatch.setattr(machine, "has_bfloat16", lambda: True)
    assert machine.present("compile-bfloat16") == machine.present("compile")
    monkeypatch.setenv("CXX", "a compiler that is not here")
    assert not machine.present("compile")


def test_a_package_has_a_version_by_the_name_it_is_imported_with() -> None:
    """PIL is of pillow, as tensorflow is of tensorflow-cpu."""
    assert machine.installed("PIL") == importlib.metadata.version("pillow")
    assert machine.installed("nobody") is None


@pytest.mark.slow  # seconds
def test_a_measurement_from_end_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "WARMING", 0)
    report = measure("cifar", batch=4, rounds=2, threads=1)
    values = json.loads(json.dumps(report.to_dict()))
    assert values["rows"][0]["name"] == "alexnet"
    assert all(row["low"] <= row["value"] <= row["high"] for row in values["rows"])
    assert values["rows"][0]["of_plain"] > 0
    assert values["machine"]["torch"] == torch.__version__


def test_a_contestant_that_cannot_run_says_why() -> None:
    with pytest.raises(AlexNetError, match="nobody cannot be measured"):
        Worker("nobody", 1, 1)


def test_the_graph_for_other_runtimes_gives_the_same_logits() -> None:
    pytest.importorskip("onnx", reason="the extra bench is not installed")
    onnxruntime = pytest.importorskip("onnxruntime", reason="the extra bench is not installed")
    network = Network(AlexNet()).eval()
    session = onnxruntime.InferenceSession(onnx_graph(network), providers=["CPUExecutionProvider"])
    images = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(1)) * 255
    (theirs,) = session.run(None, {"images": images.numpy()})
    with torch.inference_mode():
        ours = network(images)
    assert torch.allclose(ours, torch.from_numpy(theirs), rtol=1e-4, atol=1e-5)
