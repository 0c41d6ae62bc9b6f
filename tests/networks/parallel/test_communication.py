"""What docs/scaling.md says of many devices: its tables, the paper's own scheme, the example of a job."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from alexnet.networks.alexnet import AlexNet
from alexnet.networks.as_trained import AsTrained
from alexnet.networks.parallel.communication import communication_cost, possible

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def scaling() -> ModuleType:
    specification = importlib.util.spec_from_file_location("scaling", ROOT / "benchmarks" / "scaling.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["scaling"] = module  # where its dataclasses look for their module
    specification.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_script(scaling: ModuleType) -> None:
    assert (ROOT / "docs" / "scaling.md").read_text().endswith("\n".join(scaling.tables()) + "\n")


def test_what_the_two_gpus_of_2012_sent() -> None:
    """By section 3.5's sizes: what conv3 sees is 256 x 13 x 13, fc6 9,216, fc7 and fc8 4,096, and 1,000 logits.

    A process sends its half there, and half of the gradient back; every weight is on one process.
    """
    values = 256 * 13 * 13 + 9216 + 4096 + 4096 + 1000
    found = communication_cost(AsTrained(), "columns", 2, 128)
    assert found.activations == 2 * 0.5 * values * 128 * 4
    assert found.gradients == 0
    assert found.parameters * 2 == 60_965_224


def test_one_weird_trick_sends_the_gradients_of_the_convolutions_alone() -> None:
    """Conv1 to conv5 have 2.3 of 61 million weights, by section 3.5's sizes."""
    weights = 96 * 363 + 256 * 1200 + 384 * 2304 + 384 * 1728 + 256 * 1728
    biases = 96 + 256 + 384 + 384 + 256
    found = communication_cost(AlexNet(), "hybrid", 8, 1024)
    assert found.gradients == 2 * 7 / 8 * (weights + biases) * 4
    assert found.activations == 2 * 7 / 8 * (9216 + 4096 + 4096 + 1000) * 1024 * 4


def test_data_parallel_sends_every_gradient_and_alone_nothing_is_sent() -> None:
    assert communication_cost(AlexNet(), "data", 4, 128).bytes == 2 * 3 / 4 * 60_965_224 * 4
    assert [found.bytes for found in possible(AlexNet(), 1, 128)] == [0, 0, 0]


def test_columns_are_offered_where_they_divide() -> None:
    assert [found.scheme for found in possible(AlexNet(), 2, 128)] == ["data", "columns", "hybrid"]
    assert [found.scheme for found in possible(AlexNet(), 4, 128)] == ["data", "hybrid"]


def test_the_example_of_a_job_is_a_script_that_bash_accepts() -> None:
    script = ROOT / "examples" / "train.slurm"
    subprocess.run(["bash", "-n", script], check=True)
    text = script.read_text()
    assert text.startswith("#!/bin/bash\n")
    assert "-m -- alexnet train" in text  # else torchrun takes --run for its own


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["columns", "hybrid"])
def test_the_kernel_counts_the_bytes_that_are_computed(scheme: str) -> None:
    """In a network of their own, where nothing else is sent; within three percent, which is headers."""
    if sys.platform != "linux" or subprocess.run(["unshare", "-n", "-m", "true"], check=False).returncode:
        pytest.skip("a network of one's own takes Linux and its leave")
    script = [sys.executable, str(ROOT / "benchmarks" / "scaling.py"), "sent", scheme, "2"]
    said = subprocess.run(script, check=True, capture_output=True, text=True).stdout
    sent, computed = (
        float(word) for word in said.split() if word.replace(".", "", 1).isdigit() and "." in word
    )
    assert sent == pytest.approx(computed, rel=0.03)
