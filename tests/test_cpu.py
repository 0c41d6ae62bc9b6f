"""What this process may use of the machine, by made-up control groups, processors and affinities."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from alexnet import cpu

Tree = Callable[..., Path]
GIGABYTE = 2**30


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Make a file system of control groups, and say which of them this process is in; 64 cores have its affinity."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)

    def make(own: str, **files: str) -> Path:
        (tmp_path / "self").write_text(own)
        for name, content in files.items():
            path = tmp_path / "cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        monkeypatch.setattr(cpu, "CGROUP", tmp_path / "cgroup")
        monkeypatch.setattr(cpu, "_OWN_GROUPS", tmp_path / "self")
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("own", "files", "cores"),
    [
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 64),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),  # a core and a half: two threads have something to do
        ("0::/\n", {"cpu.max": "5000 100000\n"}, 1),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"}, 3),
        ("0::/a/b\n", {"a/b/cpu.max": "500000 100000\n", "a/cpu.max": "900000 100000\n"}, 5),
        ("0::/a\n", {"another/cpu.max": "100000 100000\n"}, 64),
        ("0::/outside/the/container\n", {"cpu.max": "400000 100000\n"}, 4),
        ("4:cpu,cpuacct:/\n", {"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ("4:cpu,cpuacct:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 64),
        (
            "9:memory:/\n4:cpu,cpuacct:/slurm/job\n0::/\n",
            {"cpu/slurm/job/cpu.cfs_quota_us": "600000\n", "cpu/slurm/job/cpu.cfs_period_us": "100000\n"},
            6,
        ),
        ("0::/\n", {"cpu.max": "garbage\n"}, 64),
        ("0::/\n", {"cpu.max": "100000 0\n"}, 64),
        ("no groups at all", {"cpu.max": ""}, 64),
        ("", {}, 64),
    ],
)
def test_cores_are_what_the_control_groups_leave(
    tree: Tree, own: str, files: dict[str, str], cores: int
) -> None:
    """Version 2 and version 1, the group of the process and all above it: the tightest counts, rounded up."""
    tree(own, **files)
    assert cpu.cores() == cores


def test_a_wide_control_group_gives_no_cores_that_the_affinity_does_not(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree("0::/\n", **{"cpu.max": "6400000 100000"})
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5, 7}, raising=False)
    assert cpu.cores() == 3


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinities")
def test_a_process_bound_to_one_core_has_one() -> None:
    script = (
        "import os, sys; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from alexnet import cpu\n"
        "print(cpu.cores(), cpu.thread_pool()._max_workers, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1", "False"]


@pytest.mark.parametrize(
    ("own", "files", "allowed"),
    [
        ("0::/a\n", {"a/memory.max": f"{2 * GIGABYTE}\n", "memory.max": f"{GIGABYTE}\n"}, GIGABYTE),
        ("0::/a\n", {"a/memory.max": "max\n"}, None),
        ("3:memory:/\n", {"memory/memory.limit_in_bytes": f"{GIGABYTE}\n"}, GIGABYTE),
        ("3:memory:/job\n", {"memory/job/memory.limit_in_bytes": f"{GIGABYTE}\n"}, GIGABYTE),
        ("3:memory:/\n", {"memory/memory.limit_in_bytes": "9223372036854771712\n"}, None),  # no limit
    ],
)
def test_memory_is_what_the_control_groups_leave_of_the_machines(
    tree: Tree, own: str, files: dict[str, str], allowed: int | None
) -> None:
    tree(own, **files)
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert cpu.memory_bytes() == min(machine, allowed or machine)


def test_memory_that_the_system_does_not_tell_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(os, "sysconf", unknown)
    assert cpu.memory_bytes() is None


@pytest.mark.parametrize(
    ("flags", "avx2", "bfloat16"),
    [
        ("fpu sse avx avx2 fma", True, False),
        ("fpu avx2 avx512f avx512_bf16", True, True),
        ("fpu avx2 amx_bf16", True, True),
        ("fpu avx", False, False),
        ("fpu notavx2 avx512_bf16x", False, False),
    ],
)
def test_flags_are_whole_words_of_the_first_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str, avx2: bool, bfloat16: bool
) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(f"processor\t: 0\nmodel name\t: A: processor 3 \nflags\t\t: {flags}\n\nflags\t\t: avx2\n")
    monkeypatch.setattr(cpu, "_CPUINFO", path)
    assert (cpu.has_avx2(), cpu.has_bfloat16(), cpu.processor()) == (avx2, bfloat16, "A: processor 3")


def test_a_processor_that_the_system_does_not_describe_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever built the kernels built them for it; that it multiplies bfloat16 would have to be told."""
    monkeypatch.setattr(cpu, "_CPUINFO", tmp_path / "nowhere")
    assert cpu.has_avx2()
    assert not cpu.has_bfloat16()
    assert cpu.processor()


def test_a_forked_process_has_threads_of_its_own() -> None:
    """It inherits the pool, of whose threads none lives in it: it would wait for ever."""
    script = (
        "import os\nfrom alexnet.cpu import thread_pool\n"
        "list(thread_pool().map(abs, [-1]))\n"
        "if (child := os.fork()) == 0: os._exit(0 if list(thread_pool().map(abs, [-2])) == [2] else 1)\n"
        "raise SystemExit(os.waitpid(child, 0)[1])"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_threads_are_limited_to_the_cores_unless_their_number_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = torch.get_num_threads()
    monkeypatch.setattr(cpu, "cores", lambda: 1)
    try:
        torch.set_num_threads(2)
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        cpu.limit_threads()
        assert torch.get_num_threads() == 2
        monkeypatch.delenv("OMP_NUM_THREADS")
        cpu.limit_threads()
        assert torch.get_num_threads() == 1
        monkeypatch.setattr(cpu, "cores", lambda: 8)
        cpu.limit_threads()
        assert torch.get_num_threads() == 1  # fewer than the cores may be what was wanted
    finally:
        torch.set_num_threads(before)
