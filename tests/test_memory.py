"""What the allocator is told, in processes of its own: it cannot be undone; and how a lack of memory is known."""

import subprocess
import sys

import pytest
import torch

from alexnet.memory import Memory, exhausted

PROGRAM = """
import resource, torch
from alexnet import memory
{first}
result = memory.tune_allocator()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    before = faults()
    torch.ones(25_000_000)  # 100 MB
print(int(result.kept), int(result.huge_pages), faults() - before)
print(result)
"""


def run(first: str) -> tuple[list[int], str]:
    program = PROGRAM.format(first=first)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    numbers, sentence = done.stdout.splitlines()
    return [int(number) for number in numbers.split()], sentence


@pytest.mark.skipif(sys.platform != "linux", reason="for glibc on Linux")
def test_memory_is_kept_for_the_next_step() -> None:
    """The eighth time the same 100 MB are asked for, hardly a page of its 25,000 is mapped anew."""
    (kept, _, faults), sentence = run("")
    if not kept:
        pytest.skip(sentence)
    assert faults < 1000


@pytest.mark.skipif(sys.platform != "linux", reason="for glibc on Linux")
def test_coming_too_late_for_huge_pages_is_said() -> None:
    (_, huge, _), sentence = run("torch.zeros(3)")
    if not huge:
        assert "small pages" in sentence
        assert "before" in sentence


@pytest.mark.parametrize(
    ("error", "lacking"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 8 bytes"), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("memory"), False),
    ],
)
def test_a_lack_of_memory_is_known_by_its_type_or_its_words(error: Exception, lacking: bool) -> None:
    assert exhausted(error) == lacking


def test_torch_says_a_lack_of_memory_so_that_it_is_known() -> None:
    """Its words change from release to release: an exabyte is nowhere."""
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**58)
    assert exhausted(caught.value)


def test_what_became_of_the_requests_is_a_sentence() -> None:
    assert str(Memory(True, True, "")) == "memory kept between steps, pages of 2 MB"
    assert str(Memory(False, False, "why")) == "memory returned after each step, small pages (why)"
