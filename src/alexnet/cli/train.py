"""alexnet train: from pictures to a run directory."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from alexnet.errors import RecipeError


@click.command("train")
@click.argument("data")
@click.option("--recipe", metavar="NAME", help="What to do: paper, digits, cifar-18pct ...")
@click.option("--network", metavar="NAME|FILE", help="Train this network in place of the recipe's.")
@click.option(
    "--params", type=click.Path(path_type=Path), metavar="FILE", help="Layer parameters of --network FILE."
)
@click.option(
    "--weights", metavar="RUN", help="Begin with the weights of a run or checkpoint, where they fit."
)
@click.option(
    "--quarantine", type=click.Path(path_type=Path), metavar="FILE", help="Leave out what this lists."
)
@click.option("--run", type=click.Path(path_type=Path), metavar="DIR", help="Run directory [runs/RECIPE].")
@click.option("--epochs", type=float, help="Cycles through the pictures.")
@click.option("--seed", type=int, help="Of everything random.")
@click.option(
    "--set", "settings", multiple=True, metavar="A.B=VALUE", help="Change one setting of the recipe."
)
@click.option("--resume", is_flag=True, help="Go on with the run that is there.")
@click.option("--dry-run", is_flag=True, help="Say what it would take, by a few steps, and keep nothing.")
@click.option(
    "--save-every", type=click.IntRange(min=0), default=0, metavar="STEPS", help="Save this often too."
)
@click.option(
    "--keep", type=click.IntRange(min=2), default=2, show_default=True, help="Newest checkpoints kept."
)
@click.option(
    "--processes", type=click.IntRange(min=1), metavar="N", help="Train in N processes of this machine [1]."
)
@click.option(
    "--scheme",
    type=click.Choice(["data", "columns", "hybrid"]),
    default="data",
    show_default=True,
    help="What processes divide: pictures, columns, or pictures and fully-connected layers.",
)
@click.option(
    "--silence",
    type=click.FloatRange(min=1),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long a process waits for another.",
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1, or auto.")
@click.option(
    "--log-to",
    multiple=True,
    type=click.Choice(["tensorboard", "wandb", "mlflow", "trackio"]),
    help="Tell this program the journal's rows too.",
)
@click.option("--quiet", "-q", is_flag=True, help="Say only what matters.")
def command(
    data: str,
    recipe: str | None,
    network: str | None,
    params: Path | None,
    weights: str | None,
    quarantine: Path | None,
    run: Path | None,
    epochs: float | None,
    seed: int | None,
    settings: tuple[str, ...],
    resume: bool,
    dry_run: bool,
    save_every: int,
    keep: int,
    processes: int | None,
    scheme: str,
    silence: float,
    device: str,
    log_to: tuple[str, ...],
    quiet: bool,
) -> None:
    """Train a network on DATA: a name (digits), a prepared directory, or folders of pictures.

    The run directory keeps the recipe, a journal, the newest checkpoints and the best network. Ctrl-C saves;
    the same command with --resume goes on. Under torchrun or srun it joins the processes that it finds.
    """
    from datetime import timedelta

    from alexnet import memory
    from alexnet.cli.showing import say, show_recipe, show_rehearsal, show_traffic
    from alexnet.data.named import open_dataset
    from alexnet.distributed.place import place
    from alexnet.distributed.processes import ALONE, joined
    from alexnet.distributed.starting import start
    from alexnet.kernels.pixels import cores
    from alexnet.recipes.asked import Asked
    from alexnet.recipes.train import run_directory, stored_recipe
    from alexnet.training.device import chosen_device, suitable_device
    from alexnet.training.directory import check_free
    from alexnet.training.loop import Saving, run_training
    from alexnet.training.progress import Progress
    from alexnet.training.rehearsal import rehearse
    from alexnet.training.stopping import Interrupted
    from alexnet.training.trackers import check_installed

    changes = _changes(settings, epochs, seed, weights)
    here = place(os.environ)
    starts = processes is not None and processes > 1 and here.count == 1
    if processes not in (None, here.count) and not starts:
        raise click.UsageError(f"--processes {processes}: {here.count} are running already")
    if here.restarts and run is None:
        raise click.UsageError("a run that is begun again after a fault needs --run DIR, to find what it did")
    resume = resume or here.restarts > 0
    if resume and run is None:
        raise click.UsageError("--resume needs --run DIR: which run is to go on?")
    check_installed(log_to)
    chosen_device(device)  # before pictures are prepared, which may take hours
    if run is not None and not dry_run and here.rank == 0:
        check_free(run, resume=resume)  # likewise
    settled = memory.settle()  # before the first tensor
    base = stored_recipe(run) if resume and run is not None and recipe is None and network is None else recipe
    asked = Asked(base, network, params, changes)
    dataset = open_dataset(data, side=asked.side, quarantine=quarantine)
    resolved = asked.resolve(dataset)
    suitable_device(device, precision=resolved.training.precision, compile=resolved.training.compile)
    if dry_run:
        show_recipe(resolved, dataset)
        show_rehearsal(rehearse(dataset, resolved, run or Path("runs"), keep=keep))
        show_traffic(resolved, processes or max(2, here.count))
        return
    if starts and processes is not None:
        with run_directory(run, resolved.name, ALONE) as directory:
            check_free(directory, resume=resume)
            threads = max(1, cores() // processes)
            raise SystemExit(start(processes, [*sys.argv[1:], "--run", str(directory)], threads=threads))
    with (
        joined(scheme, timedelta(seconds=silence)) as together,
        run_directory(run, resolved.name, together) as directory,
    ):
        speaks = together.first
        if speaks and not quiet:
            show_recipe(resolved, dataset)
            say(str(settled))
        again = ["alexnet", "train", data, "--run", str(directory), "--resume"]
        again += ["--quarantine", str(quarantine)] if quarantine else []
        if together.several:
            again += ["--processes", str(together.count), "--scheme", scheme]
        try:
            run_training(
                dataset,
                resolved,
                directory,
                resume=resume,
                saving=Saving(every_steps=save_every, keep=keep),
                progress=Progress(quiet=quiet, mute=not speaks),
                log_to=log_to,
                processes=together,
                device=device,
            )
        except Interrupted as stop:
            if speaks:
                say(f"{stop}; go on with: {shlex.join(again)}")
            raise SystemExit(stop.exit_code) from None
    if speaks and not quiet:
        next_one = shlex.join(["alexnet", "evaluate", str(directory), "--data", data])
        say(f"run: {directory}\nnext: {next_one}")


def _changes(
    settings: tuple[str, ...], epochs: float | None, seed: int | None, weights: str | None
) -> dict[str, Any]:
    """Return the settings to change, by path."""
    changes: dict[str, Any] = {}
    for text in settings:
        path, equals, value = text.partition("=")
        if not equals or not path:
            raise RecipeError(f"--set {text} does not say what to set: write --set training.batch_size=64")
        changes[path.strip()] = value.strip()
    if epochs is not None:
        changes["training.epochs"] = epochs
    if seed is not None:
        changes["training.seed"] = seed
    if weights is not None:
        changes["training.start"] = weights
    return changes
