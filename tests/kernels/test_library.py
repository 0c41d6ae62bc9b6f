"""When the kernels are used, and when they stand aside."""

import subprocess
import sys

import pytest
import torch

from alexnet.kernels import library

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
