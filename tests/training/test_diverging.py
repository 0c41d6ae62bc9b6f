"""Runs whose numbers are none any more are stopped before anything is lost."""

import contextlib
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from alexnet import checkpoint
from alexnet.data.batches import Batch, MicroBatch
from alexnet.data.dataset import Dataset
from alexnet.errors import AlexNetError, DivergedError
from alexnet.evaluation.metrics import topk_correct
from alexnet.networks.network import Network
from alexnet.runs.checkpoint_writer import CheckpointPolicy
from alexnet.runs.checkpoints import checkpoints
from alexnet.training import loop
from alexnet.training.display import ProgressDisplay
from alexnet.training.diverging import check_finite, check_loss, raise_if_not_finite
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe
from alexnet.training.state import State

QUIET = ProgressDisplay(quiet=True)


def batch(count: int = 6) -> Batch:
    images = torch.zeros(count, 3, 12, 12, dtype=torch.uint8)
    labels, indices, rows = (
        torch.zeros(count, dtype=torch.int64),
        torch.arange(40, 40 + count),
        slice(0, count),
    )
    return Batch((MicroBatch(images, labels, indices, rows, rows),), count)


@pytest.fixture
def network(brief: Recipe) -> Network:
    return Network(brief.network)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_names_step_stage_and_pictures(network: Network, loss: float) -> None:
    with torch.no_grad():
        network.get_parameter("conv2.weight")[3, 1, 2, 2] = math.nan
    with pytest.raises(
        DivergedError, match=r"step 9, first in conv2 \(training pictures 40, 41, 42, 43 \.\.\.\)"
    ):
        check_loss(loss, network, torch.zeros(6, 3, 12, 12), batch().micro_batches[0], 9)


def test_pictures_that_are_no_numbers_are_named_before_any_stage(network: Network) -> None:
    images = torch.zeros(2, 3, 12, 12)
    images[1, 0, 5, 5] = math.nan
    with pytest.raises(DivergedError, match="first in the pictures"):
        check_loss(math.nan, network, images, batch(2).micro_batches[0], 1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_one_gradient_that_is_no_number_is_found(network: Network, value: float) -> None:
    for parameter in network.parameters():
        parameter.grad = torch.full_like(parameter, 0.5)
    raise_if_not_finite(network, batch(), 3)
    gradient = network.get_parameter("conv2.weight").grad
    assert gradient is not None
    gradient[1, 2, 3, 4] = value
    with pytest.raises(DivergedError, match=r"no longer finite at step 3, first in conv2\.weight"):
        raise_if_not_finite(network, batch(), 3)


def test_finite_gradients_whose_sum_overflows_are_finite(network: Network) -> None:
    for parameter in network.parameters():
        parameter.grad = torch.full_like(parameter, 3e38)
    raise_if_not_finite(network, batch(), 1)


def test_a_weight_that_is_no_number_is_named() -> None:
    check_finite({"conv1.weight": torch.full((5,), 3e38)}, 1)
    with pytest.raises(DivergedError, match=r"fc8\.bias is no longer finite at step 4"):
        check_finite({"conv1.weight": torch.ones(2), "fc8.bias": torch.tensor([1.0, math.inf])}, 4)


def test_a_poisoned_gradient_reaches_no_weight_and_no_file(
    shapes: Dataset, brief: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Poisoned at step 11, with a checkpoint after every step: the tenth is the last, and all are finite."""
    steps = 0

    def poison(gradient: torch.Tensor) -> torch.Tensor:
        nonlocal steps
        steps += 1
        return gradient * math.nan if steps == 11 else gradient

    begin = State.begin

    def poisoned(*arguments: object, **named: object) -> State:
        state = begin(*arguments, **named)  # type: ignore[arg-type]  # as they were given
        state.network.get_parameter("conv3.weight").register_hook(poison)
        return state

    monkeypatch.setattr(State, "begin", poisoned)
    run = tmp_path / "run"
    with pytest.raises(
        DivergedError, match=r"step 11, first in conv3\.weight.*step-00000010.*--resume.*0\.0002"
    ):
        run_training(shapes, brief, run, policy=CheckpointPolicy(every_steps=1), display=QUIET)
    assert [path.stem for path in checkpoints(run)] == ["step-00000010", "step-00000009"]
    for path in checkpoints(run):
        found = checkpoint.load(path)
        assert all(
            bool(value.isfinite().all()) for value in (*found.weights.values(), *found.velocity.values())
        )
    assert "step 11" in (run / "failure.txt").read_text()


def test_after_it_has_diverged_a_run_goes_on_with_a_lower_rate(
    shapes: Dataset, brief: Recipe, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rates = brief.training.rates
    wild = replace(brief, training=replace(brief.training, rates=replace(rates, weight=1e20)))
    with pytest.raises(DivergedError):
        run_training(shapes, wild, tmp_path / "run", policy=CheckpointPolicy(every_steps=1), display=QUIET)
    with contextlib.suppress(DivergedError):  # its weights may be too large already
        run_training(shapes, brief, tmp_path / "run", resume=True, display=QUIET)
    assert "training.rates.weight was 1e+20 and is 0.002" in capfd.readouterr().err.replace("\n", " ")


def test_a_network_that_says_no_numbers_is_never_right() -> None:
    """NaN compares false with everything: counted carelessly, it would be the best network of all."""
    labels = torch.tensor([0, 1, 2])
    assert topk_correct(torch.full((3, 4), math.nan), labels, 1).sum() == 0
    assert topk_correct(torch.full((3, 4), math.nan), labels, 4).sum() == 0
    scores = torch.tensor([[0.9, 0.1, math.nan, 0.0]])
    assert topk_correct(scores, torch.tensor([0]), 1).sum() == 0
    assert topk_correct(scores, torch.tensor([0]), 2).sum() == 1


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ...")]
)
def test_too_little_memory_is_one_line_with_a_cure(
    shapes: Dataset, brief: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(loop, "train_step", fail)
    with pytest.raises(AlexNetError, match=r"not enough memory for a batch of 8.*training\.accumulate=2"):
        run_training(shapes, brief, tmp_path / "run", display=QUIET)
