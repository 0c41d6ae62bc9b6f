"""alexnet train: from pictures to a run directory."""

from typing import Any

import click

from alexnet.cli.options import PATH, changes, device


@click.command("train")
@click.argument("data")
@click.option("--recipe", metavar="NAME", help="What to do: paper, digits, cifar-18pct ...")
@click.option("--network", metavar="NAME|FILE", help="Train this network instead of the recipe's.")
@click.option("--params", type=PATH, metavar="FILE", help="Layer parameters of --network FILE.")
@click.option(
    "--from", "--weights", "weights", metavar="RUN", help="Go on from these weights; none: new ones."
)
@click.option("--quarantine", type=PATH, metavar="FILE", help="Leave out what this lists.")
@click.option("--run", type=PATH, metavar="DIR", help="Run directory [runs/RECIPE].")
@click.option("--epochs", type=float, help="Cycles through the pictures.")
@click.option("--minutes", type=float, help="How long it may take: as many epochs as fit.")
@click.option("--seed", type=int, help="Of everything random.")
@click.option(
    "--set", "settings", multiple=True, metavar="A.B=VALUE", help="Change one setting of the recipe."
)
@click.option("--resume", is_flag=True, help="Go on with the run that is there.")
@click.option("--dry-run", is_flag=True, help="Say what it would take, by a few steps, and keep nothing.")
@click.option("--save-every", type=click.IntRange(0), default=0, metavar="STEPS", help="Save this often too.")
@click.option("--keep", type=click.IntRange(2), default=2, show_default=True, help="Newest checkpoints kept.")
@click.option(
    "--processes", type=click.IntRange(1), metavar="N", help="Train in N processes of this machine [1]."
)
@click.option(
    "--scheme",
    type=click.Choice(["data", "columns", "hybrid"]),
    default="data",
    show_default=True,
    help="What processes divide: pictures, columns, or pictures and fully-connected layers.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(1),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long a process waits for another.",
)
@click.option("--silence", type=click.FloatRange(1), hidden=True)  # what --timeout was called before
@device("auto")
@click.option(
    "--log-to",
    multiple=True,
    type=click.Choice(["tensorboard", "wandb", "mlflow", "trackio"]),
    help="Tell this program the journal's rows too.",
)
@click.option("--quiet", "-q", is_flag=True, help="Say only what matters.")
@click.option("--verbose", "-v", is_flag=True, help="Show every setting, not only those that differ.")
def command(
    data: str, dry_run: bool, settings: tuple[str, ...], silence: float | None, verbose: bool, **options: Any
) -> None:
    """Train a network on DATA: a name (digits), a prepared directory, or folders of pictures.

    The run directory keeps the recipe, a journal, the newest checkpoints and the best network. Ctrl-C saves;
    the same command with --resume goes on. Under torchrun or srun it joins the processes that it finds.
    """
    from alexnet.cli.terminal.after_training import show_run
    from alexnet.cli.terminal.before_training import show_choice, show_recipe
    from alexnet.cli.terminal.dry_run import show_collectives, show_dry_run
    from alexnet.cli.terminal.showing import say
    from alexnet.device import describe_device
    from alexnet.errors import Interrupted, PeerError
    from alexnet.launch.launch import estimate, launch
    from alexnet.launch.request import RunRequest
    from alexnet.launch.resolve import resolve, tune_process

    options["timeout"] = silence or options["timeout"]
    request = RunRequest(data, set=changes(settings), **options)
    tuned = tune_process(request.device)  # before the first tensor
    resolved = resolve(request, writes=not dry_run)
    speaks = resolved.rank.rank == 0 and (dry_run or not request.quiet) and not resolved.starts_processes
    if speaks:
        show_choice(resolved.choice, resolved.seconds)
        show_recipe(resolved.recipe, resolved.dataset, verbose=verbose)
    if dry_run:
        say(describe_device(resolved.device))
        show_dry_run(estimate(resolved))
        show_collectives(resolved.recipe, request.processes or max(2, resolved.rank.world_size))
        return
    if speaks:
        say(str(tuned))
    try:
        run = launch(resolved)
    except (PeerError, Interrupted) as error:
        told = isinstance(error, Interrupted) and resolved.rank.rank > 0
        if resolved.starts_processes or told:  # the processes, or the first of them, have said why
            raise SystemExit(error.exit_code) from None
        raise
    if speaks:
        show_run(run, resolved, data)
