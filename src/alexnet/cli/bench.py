"""alexnet bench: how fast this machine runs the network, beside its limits and its peers."""

from typing import TYPE_CHECKING

import click

from alexnet.cli.options import as_json

if TYPE_CHECKING:
    from alexnet.bench.tasks import Report

TASKS = ("train", "infer", "latency", "normalization", "cifar", "data")


@click.command("bench")
@click.argument("task", type=click.Choice(TASKS), default="train")
@click.option("--batch", type=click.IntRange(min=1), help="Pictures a step.")
@click.option("--rounds", type=click.IntRange(min=1), default=7, show_default=True, help="Turns of each.")
@click.option("--threads", type=click.IntRange(min=1), help="Of each [as many as torch takes].")
@as_json
def command(task: str, batch: int | None, rounds: int, threads: int | None, as_json: bool) -> None:
    """Measure TASK: train, infer, latency, normalization, cifar or data.

    Ours, plain PyTorch, torch.compile where there is a C++ compiler, and ONNX Runtime, OpenVINO, JAX and Keras
    where they are installed take turns, each in a process of its own, together with a matrix product and a read
    of memory from which the machine's bound follows. Figures are medians, ratios are medians of each round's
    ratio. The others: pip install "alexnet[bench]".
    """
    import torch

    from alexnet.bench.tasks import measure

    report = measure(task, batch=batch, rounds=rounds, threads=threads or torch.get_num_threads())
    if as_json:
        from alexnet.cli.terminal.showing import show_json

        show_json(report.to_dict())
    else:
        _show(report)


def _show(report: "Report") -> None:
    from rich.table import Table

    from alexnet.cli.terminal.showing import say, show_table

    machine = report.machine
    say(f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}")
    if report.gflops is not None:
        stream = f", B = {report.gigabytes_per_second:.1f} GB/s" if report.gigabytes_per_second else ""
        say(f"P = {report.gflops:.0f} GFLOP/s{stream}; bound: {report.bound_formula}")
    table = Table(title=f"{report.title}, batch {report.batch}, {report.rounds} rounds")
    for heading in ("", report.unit, "quartiles", "of bound", "of plain", "first step", "peak memory"):
        table.add_column(heading, justify="right" if heading else "left")
    if report.bound is not None:
        table.add_row("bound", f"{report.bound:.1f}", "", "1.00", "", "", "")
    for row in report.rows:
        table.add_row(
            row.name,
            f"{row.value:,.1f}",
            f"{row.low:,.1f} to {row.high:,.1f}",
            "" if row.of_bound is None else f"{row.of_bound:.2f}",
            "" if row.of_plain is None else f"{row.of_plain:.1f}x",
            f"{row.first_seconds:.1f} s",
            f"{row.peak_gigabytes:.1f} GB",
        )
    show_table(table)
