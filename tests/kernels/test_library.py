"""When the kernels are used, and when they stand aside."""

import ctypes
import subprocess
import sys

import pytest
import torch

from alexnet.kernels import compiled, library, maps, response, winograd
from alexnet.kernels.response import Response

needs_kernels = pytest.mark.skipif(library.absence() is not None, reason=f"no kernels: {library.absence()}")


@needs_kernels
def test_other_kinds_of_numbers_are_left_to_torch() -> None:
    assert library.usable(torch.zeros(1))
    assert not library.usable(torch.zeros(1, dtype=torch.float64))
    assert not library.usable(torch.zeros(1, device="meta"))


def test_plain_is_undone_when_the_block_ends() -> None:
    before = library.absence()
    with library.plain():
        assert library.absence() == "switched off in this process"
    assert library.absence() == before


@needs_kernels
def test_threads_are_shared_with_torch() -> None:
    """A second OpenMP library would bring threads of its own: there is one, and the team does not grow."""
    program = """
import torch
from alexnet.kernels import winograd
def teams():
    from pathlib import Path
    return len(list(Path("/proc/self/task").iterdir()))
torch.set_num_threads(2)
torch.mm(torch.ones(512, 512), torch.ones(512, 512))
before = teams()
x = torch.ones(4, 16, 20, 20)
winograd.convolve(x, torch.ones(16, 16, 3, 3), torch.zeros(16), padding=1)
maps = open("/proc/self/maps").read()
libraries = {line.split()[-1] for line in maps.splitlines() if "gomp" in line}
print(teams() - before, len(libraries))
"""
    if sys.platform != "linux":
        pytest.skip("threads are counted through /proc")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "1"]


@needs_kernels
def test_memory_that_a_kernel_does_not_find_is_an_error() -> None:
    """Before, it wrote to address 0. The scratch asked for is more than there are addresses; nothing is read."""
    found, nothing = library.library(), ctypes.c_void_p(None)
    responding = response._Structure(images=1, height=4, width=2**20, channels=8, groups=1, threads=2**30)
    normalising = maps._Structure(images=1, height=2**11, width=2**11, channels=8, threads=2**30)
    for status in (
        found.alexnet_response_forward(ctypes.byref(responding), nothing, nothing),
        found.alexnet_response_backward(ctypes.byref(responding), nothing, nothing, nothing),
        found.alexnet_map_norm_backward(ctypes.byref(normalising), nothing, nothing, nothing),
        found.alexnet_connect_bytes(*[nothing] * 5, 2**30, 2**30, 4, 0, 1),
    ):
        with pytest.raises(MemoryError, match="smaller batch"):
            compiled.check_memory(status)


def test_tensors_of_more_numbers_than_the_kernels_count_are_left_to_torch() -> None:
    many = torch.zeros(1).expand(1, 16, 2**14, 2**14)  # 2^32 of them, in 4 bytes
    few = torch.zeros(1).expand(1, 16, 16, 16)
    weight, bias = torch.zeros(16, 16, 3, 3), torch.zeros(16)
    assert not maps.supports(many)
    assert not response.supports(many, Response())
    assert not winograd.supports(many, weight, bias, 1, 1)
    wide = torch.zeros(1).expand(2**14, 2**12, 3, 3)
    assert not winograd.supports(few[:, :1].expand(1, 2**12, 16, 16), wide, torch.zeros(2**14), 1, 1)
    if library.absence() is None:
        assert maps.supports(few)
        assert winograd.supports(few, weight, bias, 1, 1)


@needs_kernels
def test_a_compiled_file_of_another_version_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its functions may take other arguments: an installation in place is built again by hand."""
    monkeypatch.setattr(compiled, "INTERFACE", compiled.INTERFACE + 1)
    assert compiled.compiled.__wrapped__("_compiled") == "they are of another version: reinstall alexnet"
    assert compiled.compiled.__wrapped__("_pixels") == "they are of another version: reinstall alexnet"
    assert "not built" in str(compiled.compiled.__wrapped__("_nothing"))
