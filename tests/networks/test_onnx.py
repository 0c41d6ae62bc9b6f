"""Every named network, written by both of torch's exporters, gives the same logits under onnxruntime.

Needs the extra `bench`, which continuous integration installs for `make optional`.
"""

import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from alexnet.networks.catalogue import NAMES, build
from alexnet.networks.network import Network

pytest.importorskip("onnx", reason="onnx is not installed: pip install 'alexnet[bench]'")
runtime = pytest.importorskip(
    "onnxruntime", reason="onnxruntime is not installed: pip install 'alexnet[bench]'"
)

pytestmark = pytest.mark.slow


def small(name: str) -> Network:
    """A network whose last windows hang over the border, with weights that let every layer be felt."""
    side = 32 if name.startswith(("cifar", "figure")) else 72
    network = build(name, 5, side=side).eval()
    generator = torch.Generator().manual_seed(1)
    for stage in network.stages:
        for weight in stage.operation.parameters():
            if weight.dim() > 1:
                scale = 1 / 60 if stage.name == "conv1" and name != "torchvision" else 1.0
                nn.init.normal_(weight, 0.0, scale * (2 / weight[0].numel()) ** 0.5, generator=generator)
    return network


def images(network: Network, count: int) -> Tensor:
    side = network.architecture.side
    return 255 * torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(count))


@pytest.mark.filterwarnings("ignore")  # both exporters warn of their own ways
@pytest.mark.parametrize("exporter", ["torchscript", "dynamo"])
@pytest.mark.parametrize("name", NAMES)
def test_an_exported_network_gives_the_same_logits_for_any_number_of_images(
    name: str, exporter: str, tmp_path: Path
) -> None:
    """Sizes were divided as tensors, so that conv1 lost its last windows, and sums became means."""
    network, path = small(name), tmp_path / "network.onnx"
    given = (images(network, 2),)
    if exporter == "dynamo":
        pytest.importorskip("onnxscript", reason="onnxscript is not installed: pip install 'alexnet[bench]'")
        shapes = ({0: torch.export.Dim("n")},)
        torch.onnx.export(network, given, path, dynamo=True, dynamic_shapes=shapes, input_names=["images"])
    else:
        axes = {"images": {0: "n"}}
        torch.onnx.export(network, given, path, dynamo=False, dynamic_axes=axes, input_names=["images"])
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for count in (1, 2, 17):
        batch = images(network, count)
        with torch.no_grad():
            expected = network(batch)
        found = torch.from_numpy(session.run(None, {"images": batch.numpy()})[0])
        assert found.shape == expected.shape
        assert float((found - expected).abs().max()) < 1e-4 * float(expected.std())


def test_a_trace_keeps_sizes_that_it_cannot_divide(tmp_path: Path) -> None:
    """Without any exporter: a traced network answers as it does itself."""
    network = small("alexnet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, (images(network, 2),))
    assert torch.allclose(traced(images(network, 3)), network(images(network, 3)), rtol=1e-4, atol=1e-4)
