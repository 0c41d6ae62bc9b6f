"""alexnet evaluate: errors of a run, of the average of several, or of predictions in a file."""

from pathlib import Path

import click

from alexnet.cli.options import PATH, as_json, device, views, views_of


@click.command("evaluate")
@click.argument("runs", nargs=-1, required=True, type=PATH, metavar="RUN...")
@click.option(
    "--data", required=True, metavar="DATA", help="Name, prepared directory, or folders of pictures."
)
@views("10")
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    help="The pictures to evaluate on [test, else validation].",
)
@click.option(
    "--average",
    default="equal",
    show_default=True,
    metavar="W,W...",
    help="Weights of the RUNs; or search:SPLIT, those that are best on another split.",
)
@click.option(
    "--predictions",
    type=PATH,
    metavar="FILE",
    help="Write what is said of each picture: .csv, .jsonl, .parquet, or .txt, the contest's submission.",
)
@device("auto")
@as_json
@click.option("--compare", is_flag=True, help="Of two RUNs, which is better, instead of their average.")
@click.option("--classes", "show_classes", is_flag=True, help="Show every class, not only the ten worst.")
def command(
    runs: tuple[Path, ...],
    data: str,
    views: str,
    split: str | None,
    average: str,
    predictions: Path | None,
    device: str,
    as_json: bool,
    compare: bool,
    show_classes: bool,
) -> None:
    """Evaluate RUN on every picture of a split exactly once; several RUNs are averaged.

    RUN is a run directory, a checkpoint or a file of weights of another program, or a name of alexnet weights.

    Errors are printed with their 95% confidence intervals. With --compare two RUNs are evaluated apart, and
    what is printed is how far the second's error is from the first's, and whether chance alone would do the same.
    RUN may be one FILE of predictions, of any program. --views dense runs a network over the whole picture.
    Under torchrun or srun the processes share the pictures, and the first one prints.
    """
    from alexnet import memory
    from alexnet.cli.terminal.comparison import show_comparison
    from alexnet.cli.terminal.report import show_report
    from alexnet.cli.terminal.showing import show_json
    from alexnet.distributed.group import joined
    from alexnet.evaluation.comparison import Comparison
    from alexnet.evaluation.comparison import compare as compared
    from alexnet.evaluation.evaluate import evaluate
    from alexnet.evaluation.report import Report

    if compare and len(runs) != 2:
        raise click.UsageError(f"--compare takes two runs, not {len(runs)}")
    if compare and (average != "equal" or predictions is not None):
        raise click.UsageError("--compare evaluates two runs apart: leave out --average and --predictions")
    memory.tune_allocator()  # before the first tensor: this process is our own
    found: Report | Comparison
    with joined() as processes:
        if compare:
            found = compared(
                runs, data, views=views_of(views), split=split, device=device, processes=processes
            )
        else:
            found = evaluate(
                runs,
                data,
                views=views_of(views),
                split=split,
                average=average,
                predictions=predictions,
                device=device,
                processes=processes,
            )
    if not processes.is_first:
        return
    if as_json:
        show_json(found.to_dict())
    elif isinstance(found, Comparison):
        show_comparison(found)
    else:
        show_report(found, every_class=show_classes)
