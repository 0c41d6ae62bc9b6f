"""alexnet evaluate: errors of a run, or of the average of several."""

from pathlib import Path

import click

from alexnet.cli.options import PATH, as_json, device, views


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
@device("auto")
@as_json
@click.option("--compare", is_flag=True, help="Of two RUNs, which is better, instead of their average.")
@click.option("--classes", "show_classes", is_flag=True, help="Show every class, not only the ten worst.")
def command(
    runs: tuple[Path, ...],
    data: str,
    views: str,
    split: str | None,
    device: str,
    as_json: bool,
    compare: bool,
    show_classes: bool,
) -> None:
    """Evaluate RUN on every picture of a split exactly once; several RUNs are averaged.

    RUN is a run directory, a checkpoint or a file of weights of another program, or a name of alexnet weights.

    Errors are printed with their 95% confidence intervals. With --compare two RUNs are evaluated apart, and
    what is printed is how far the second's error is from the first's, and whether chance alone would do the same.
    Under torchrun or srun the processes share the pictures, and the first one prints.
    """
    from alexnet.cli.terminal.report import show_comparison, show_report
    from alexnet.cli.terminal.showing import show_json
    from alexnet.distributed.group import joined
    from alexnet.evaluation.comparison import Comparison
    from alexnet.evaluation.comparison import compare as compared
    from alexnet.evaluation.evaluate import evaluate
    from alexnet.weights.loading import load

    if compare and len(runs) != 2:
        raise click.UsageError(f"--compare takes two runs, not {len(runs)}")
    with joined() as processes:
        networks = [load(run, device=device) for run in runs]
        function = compared if compare else evaluate
        found = function(networks, data, views=int(views), split=split, processes=processes)
    if not processes.is_first:
        return
    if as_json:
        show_json(found.to_dict())
    elif isinstance(found, Comparison):
        show_comparison(found)
    else:
        show_report(found, every_class=show_classes)
