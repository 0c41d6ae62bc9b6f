"""Training on a CUDA device against training on the processor."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from alexnet import checkpoint
from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.dataset import Dataset
from alexnet.networks.small import Cifar18
from alexnet.runs.checkpoints import checkpoints
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe, Training
from alexnet.training.schedule import Schedule

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device"),
]


def recipe(precision: str = "float32") -> Recipe:
    """A small network without what is drawn on the device, for four steps."""
    return Recipe(
        "device",
        network=Cifar18(classes=4, deviation=0.003),
        augmentation=Augmentation(side=32),
        training=Training(epochs=1, batch_size=32, precision=precision, schedule=Schedule(kind="constant")),
    )


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 2e-3), ("bfloat16", 5e-2)])
def test_the_device_takes_the_steps_of_the_processor(
    shapes: Dataset, tmp_path: Path, precision: str, tolerance: float
) -> None:
    """To the tolerance of TF32, or of bfloat16; master weights are float32 in both."""
    ends = []
    for device, chosen in (("cpu", "float32"), ("cuda", precision)):
        run = tmp_path / device
        run_training(shapes, recipe(chosen), run, device=device, display=ProgressDisplay(quiet=True))
        ends.append(checkpoint.load(checkpoints(run)[0]).weights)
    for name, value in ends[0].items():
        assert ends[1][name].dtype == torch.float32
        torch.testing.assert_close(
            ends[1][name], value, rtol=tolerance, atol=tolerance * value.abs().max().item()
        )


def test_a_compiled_network_ends_where_another_does(shapes: Dataset, tmp_path: Path) -> None:
    ends = []
    for compile in (False, True):
        run, plain = tmp_path / str(compile), recipe()
        chosen = replace(plain, training=replace(plain.training, compile=compile))
        run_training(shapes, chosen, run, device="cuda", display=ProgressDisplay(quiet=True))
        ends.append(checkpoint.load(checkpoints(run)[0]).weights)
    for name, value in ends[0].items():
        torch.testing.assert_close(ends[1][name], value, rtol=2e-3, atol=2e-3 * value.abs().max().item())
