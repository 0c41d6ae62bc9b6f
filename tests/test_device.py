"""Devices by their names: chosen without being changed, changed without being described."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from evaluations import untrained

import alexnet
from alexnet import checkpoint
from alexnet.device import choose_device, describe_device, enable_tf32, peak_memory
from alexnet.errors import RecipeError
from alexnet.networks.small import Cifar18

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)


def flags() -> tuple[bool, ...]:
    return (
        torch.backends.cuda.matmul.allow_tf32,
        torch.backends.cudnn.allow_tf32,
        torch.backends.cudnn.benchmark,
    )


@pytest.fixture
def plain() -> Iterator[None]:
    """No flag is set, and what was set is set again afterwards."""
    before = flags()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before[:2]
    torch.backends.cudnn.benchmark = before[2]


@pytest.mark.usefixtures("two_gpus", "plain")
def test_a_cuda_device_is_taken_where_there_is_one_and_nothing_is_set() -> None:
    assert choose_device() == choose_device("auto") == choose_device("cuda") == CUDA
    assert choose_device("cuda:1") == choose_device(torch.device("cuda", 1)) == torch.device("cuda", 1)
    assert choose_device("cpu") == CPU
    with pytest.raises(RecipeError, match=r"there is no cuda:2: torch .* finds 2 CUDA devices"):
        choose_device("cuda:2")
    assert flags() == (False, False, False)


@pytest.mark.usefixtures("no_gpu")
def test_without_a_cuda_device_the_processor_is_taken() -> None:
    assert choose_device("auto") == CPU
    with pytest.raises(
        RecipeError, match=r"there is no cuda: .* finds 0 CUDA devices; the device cpu is always there"
    ):
        choose_device("cuda")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gpu", "`gpu` is not a device; .*Choices: auto, cpu, cuda"),
        ("cdua", "did you mean `cuda`"),
        ("", "`` is not a device"),
        ("cuda:x", "`cuda:x` is not a device"),
        ("meta", "nothing is computed on `meta` here"),
        ("mps", "nothing is computed on `mps` here"),
    ],
)
def test_a_device_that_is_none_is_answered_with_those_there_are(name: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        choose_device(name)


@pytest.mark.parametrize("name", [None, 0, ["cpu"]])
def test_a_device_is_named_by_text(name: Any) -> None:
    with pytest.raises(TypeError, match="a device is named by text, not by"):
        choose_device(name)


@pytest.mark.usefixtures("plain")
def test_tf32_is_for_cuda_devices_alone() -> None:
    enable_tf32(CPU)
    assert flags() == (False, False, False)
    enable_tf32(CUDA)
    assert flags() == (True, True, True)


@pytest.mark.usefixtures("plain")
def test_describing_a_device_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "A GPU")
    assert describe_device(CPU) == f"device: cpu, {torch.get_num_threads()} threads"
    assert describe_device(CUDA) == "device: A GPU; float32"
    assert flags() == (False, False, False)
    enable_tf32(CUDA)
    assert describe_device(CUDA) == "device: A GPU; float32 products use TF32, 10 bits of mantissa"


def test_peak_memory_is_what_the_kernel_counts() -> None:
    """VmHWM, the high-water mark of resident memory."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("the system has no /proc")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    assert found is not None
    assert peak_memory(CPU) == pytest.approx(int(found.group(1)) * 1024, rel=0.02)


@pytest.mark.usefixtures("no_gpu")
def test_a_run_is_loaded_where_it_is_asked_for(tmp_path: Path) -> None:
    checkpoint.save(untrained(Cifar18(classes=4, side=24)), tmp_path / "run.safetensors")
    for device in ("cpu", "auto", CPU):
        assert alexnet.load(tmp_path / "run.safetensors", device=device).network.device == CPU
    with pytest.raises(RecipeError, match="there is no cuda"):
        alexnet.load(tmp_path / "run.safetensors", device="cuda")
