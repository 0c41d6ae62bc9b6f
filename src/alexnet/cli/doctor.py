"""alexnet doctor: what this machine offers, what is used of it, and what would speed it up most."""

import click

from alexnet.cli.options import as_json


@click.command("doctor")
@as_json
def command(as_json: bool) -> None:
    """Say what this machine offers, what is used of it, and the one thing that would speed it up most."""
    from alexnet import memory  # before the first tensor

    tuned = memory.tune_allocator()

    import shutil

    import torch

    from alexnet.bench.machine import installed, machine
    from alexnet.cli.terminal.showing import show, show_json
    from alexnet.kernels import library

    compiler = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    found = {**machine(), "compiler": compiler, "allocator in a run": str(tuned)}
    if faiss := installed("faiss"):  # torch's OpenMP is then the only one that has threads
        found["faiss"] = (
            f"{faiss}, with an OpenMP of its own beside torch's: imported after it, given one thread"
        )
    advice = _advice(library.absence(), tuned.huge_pages, compiler)
    if as_json:
        show_json({**found, "graphics processors": devices, "advice": advice})
        return
    for name, value in found.items():
        unit = " GiB" if name == "memory_gib" else ""
        show(f"{name.removesuffix('_gib'):22}{'none' if value is None else value}{unit}")
    for device in devices or ["none that this torch can use"]:
        show(f"{'graphics processor':22}{device}")
    show(f"\n{advice}")


def _advice(absence: str | None, huge_pages: bool, compiler: str | None) -> str:
    """Return the one thing that would speed this machine up most."""
    import os

    import torch

    if absence is not None and "not built" in absence:
        how = "reinstall alexnet" if compiler else "install gcc or clang, then reinstall alexnet"
        return f"The compiled kernels are missing, and training takes three to four times as long: {how}."
    if absence is not None:
        return f"The compiled kernels are not used: {absence}. Everything works, on plain PyTorch."
    from alexnet.cpu import cores

    count = cores()
    if torch.get_num_threads() < count // 2:
        return f"Only {torch.get_num_threads()} of {count} cores are used: unset OMP_NUM_THREADS."
    if not huge_pages:
        return (
            "Huge pages are off, and a training step takes about a tenth longer: as root, "
            "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"
        )
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if busy > 0.5 * count:
        return f"Other programs keep {busy:.1f} of {count} cores busy: a run alone would be faster."
    return "Nothing is amiss."
