"""The processor: how many cores this process may use, what they can do, and how much memory they have.

Nothing here imports torch, but for `limit_threads`, which is about it: processes that decode start without.
"""

import functools
import os
import platform
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

CGROUP: Final = Path("/sys/fs/cgroup")
_OWN_GROUPS: Final = Path("/proc/self/cgroup")
_CPUINFO: Final = Path("/proc/cpuinfo")


def cores() -> int:
    """Return how many cores this process may use: what its affinity and its control group leave, at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = min(_cpu_limits(CGROUP), default=allowed)
    return max(1, min(allowed, quota))


@functools.cache
def thread_pool() -> ThreadPoolExecutor:
    """Return the threads that decode and vary pictures, one for each core, started at their first use."""
    return ThreadPoolExecutor(cores(), thread_name_prefix="pixels")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        after_in_child=thread_pool.cache_clear
    )  # a forked process has the pool, not its threads


def limit_threads() -> None:
    """Let torch compute with no more threads than there are cores for this process.

    torch sees the machine's cores, not what a container may use of them. OMP_NUM_THREADS, where it is set, counts.
    It holds for the whole process.
    """
    import torch

    if "OMP_NUM_THREADS" not in os.environ and torch.get_num_threads() > cores():
        torch.set_num_threads(cores())


def has_avx2() -> bool:
    """Whether the processor has AVX2; where the system does not tell, whoever built for it is believed."""
    return not _CPUINFO.exists() or "avx2" in _flags()


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 numbers by itself, as far as Linux says."""
    return bool({"avx512_bf16", "amx_bf16"} & _flags())


def processor() -> str:
    """Return the processor's name as the system gives it."""
    for line in _cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_bytes() -> int | None:
    """Return the bytes of memory that this process may use; None where the system does not say."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None
    return min([machine, *_memory_limits(CGROUP)])


@functools.cache
def shared_cache_bytes() -> int:
    """Return the bytes of the cache that cores share; 0 where the system does not tell."""
    try:
        sizes = Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
        return int(max(sizes).read_text().strip().removesuffix("K")) << 10
    except (OSError, ValueError):
        return 0


def _flags() -> set[str]:
    return set(next((line for line in _cpuinfo() if line.startswith("flags")), "").split())


def _cpuinfo() -> list[str]:
    try:
        return _CPUINFO.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []


def _cpu_limits(root: Path) -> Iterator[int]:
    """Yield how many cores' time the control groups of this process allow, where they limit it; rounded up."""
    for folder in _groups(root, "cpu"):
        quota, _, period = _read(folder / "cpu.max").partition(
            " "
        )  # version 2: "200000 100000", "max 100000"
        if not quota:
            quota, period = (
                _read(folder / "cpu.cfs_quota_us"),
                _read(folder / "cpu.cfs_period_us"),
            )  # version 1
        if quota.isdigit() and period.isdigit() and int(period):
            yield -(-int(quota) // int(period))


def _memory_limits(root: Path) -> Iterator[int]:
    """Yield the bytes that the control groups of this process allow, where they limit it."""
    for folder in _groups(root, "memory"):
        limit = _read(folder / "memory.max") or _read(folder / "memory.limit_in_bytes")
        if limit.isdigit():
            yield int(limit)


def _groups(root: Path, controller: str) -> list[Path]:
    """Return the folders of this process's control groups and of those above them, of version 2 and of version 1.

    A container that sees its own group as the uppermost one may still be told its name outside: such folders do not
    exist, and say nothing.
    """
    found = [root, root / controller]
    for line in _read(_OWN_GROUPS).splitlines():  # "0::/user.slice", or of version 1 "4:cpu,cpuacct:/job"
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        top = root / controller if controllers else root
        own = top / path.lstrip("/")
        found += [folder for folder in (own, *own.parents) if folder.is_relative_to(top) and folder != top]
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
