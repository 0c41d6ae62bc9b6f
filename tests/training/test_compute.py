"""Where a run computes: names, refusals, and the one precision that squares need."""

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import alexnet
from alexnet.cli.train import command
from alexnet.device import choose_device
from alexnet.errors import RecipeError
from alexnet.kernels import library
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.layers.normalization import ResponseNormalization
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18
from alexnet.randomness import StepRandomness
from alexnet.training.compute import check_compile, check_precision, compiled


def test_auto_is_a_cuda_device_only_where_there_is_one() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "meta", "cuda:99"])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(RecipeError, match=name):
        choose_device(name)


def test_a_device_that_is_not_there_is_told_before_any_picture_is_read(tmp_path: Path) -> None:
    """Neither data nor recipe has been looked at: preparing may take hours."""
    with pytest.raises(RecipeError, match="there is no cuda:99"):
        alexnet.train(tmp_path / "no pictures", device="cuda:99")
    result = CliRunner().invoke(command, [str(tmp_path / "no pictures"), "--device", "cuda:99"])
    assert isinstance(result.exception, RecipeError)


def test_bfloat16_is_refused_with_a_reason_on_a_processor() -> None:
    """Whatever its instructions: the kernels would go on in float32, and without them a step takes longer."""
    check_precision("float32", torch.device("cpu"))
    check_precision("bfloat16", torch.device("cuda"))
    with pytest.raises(RecipeError, match=r"is for CUDA devices: .* set training\.precision=float32"):
        check_precision("bfloat16", torch.device("cpu"))


def test_normalisation_squares_in_float32_whatever_it_is_given() -> None:
    """300 squared is beyond float16; the result is that of float32, rounded once."""
    x = torch.full((1, 8, 2, 2), 300.0)
    layer = ResponseNormalization(5, alpha=1.0)
    for dtype in (torch.float16, torch.bfloat16):
        found = layer(x.to(dtype))
        assert found.dtype == dtype
        torch.testing.assert_close(found.float(), layer(x.to(dtype).float()), rtol=1e-2, atol=0)


def test_compiling_is_refused_for_a_processor() -> None:
    check_compile(False, torch.device("cpu"))
    check_compile(True, torch.device("cuda"))
    with pytest.raises(
        RecipeError, match=r"training.compile=true is for CUDA devices: .* set training.compile=false"
    ):
        check_compile(True, torch.device("cpu"))


@pytest.mark.slow  # seconds
@pytest.mark.filterwarnings(
    "ignore::UserWarning"
)  # torch says what it does not compile: the dropped units' draws
def test_a_compiled_network_takes_the_same_step_and_drops_the_same_units() -> None:
    """As traced for a device, but run by plain PyTorch: which graphs are made, not how fast they are."""
    network = Network(AlexNet(side=67, units=32, classes=10), seed=1).train()
    cost_inputs = compiled(network.cost_inputs, backend="aot_eager")
    images = torch.randint(0, 256, (4, 3, 67, 67), generator=torch.Generator().manual_seed(0)).float()
    for step in range(2):
        rng = StepRandomness(0, step, 0, 4, 4)
        with library.plain():
            expected = network.cost_inputs(images, rng)["fc8"]
        found = cost_inputs(images, rng)["fc8"]
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
        found.logsumexp(1).sum().backward()
    assert all(value.grad is not None for value in network.parameters())


def test_what_cannot_be_compiled_is_told_in_one_line() -> None:
    def broken(graph: object, inputs: object) -> None:
        raise RuntimeError("no compiler\nhere")

    network = Network(Cifar18())
    with pytest.raises(
        RecipeError, match=r"torch.compile fails here \(.*no compiler here.*: set training.compile=false"
    ):
        compiled(network.cost_inputs, backend=broken)(torch.zeros(1, 3, 32, 32), None)
