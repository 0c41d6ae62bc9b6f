"""A resolved run, trained: in this process, in those that torchrun or srun started, or in some of its own."""

import contextlib
import dataclasses
import itertools
import shlex
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from alexnet.cpu import cores
from alexnet.distributed.group import ALONE, ProcessGroup, joined
from alexnet.distributed.torchrun import start
from alexnet.errors import Interrupted, PeerError, RecipeError, RunError
from alexnet.launch.request import RunRequest
from alexnet.launch.resolve import ResolvedRun
from alexnet.runs.checkpoint_writer import CheckpointPolicy
from alexnet.runs.run import Run
from alexnet.training.display import ProgressDisplay
from alexnet.training.dry_run import DryRun, dry_run
from alexnet.training.loop import run_training
from alexnet.training.signals import LEAVING

RUNS: Final = Path("runs")
"""Where runs go that are not given a directory."""


def launch(resolved: ResolvedRun, display: ProgressDisplay | None = None) -> Run:
    """Train a resolved run.

    Args:
        resolved: what is trained.
        display: is told how it goes; left out, one on standard error, as the request says. Processes that are
            started for the run have their own.
    Raises:
        as `run_training`; PeerError also where processes that were started for it have failed.
    """
    request = resolved.request
    if resolved.starts_processes:
        return _launch_processes(resolved)
    with (
        joined(request.scheme, timedelta(seconds=request.timeout)) as group,
        _run_directory(request.run, resolved.recipe.name, group) as directory,
    ):
        try:
            run_training(
                resolved.dataset,
                resolved.recipe,
                directory,
                resume=request.resume,
                policy=CheckpointPolicy(every_steps=request.save_every, keep=request.keep),
                display=display
                or ProgressDisplay(
                    quiet=request.quiet,
                    mute=not group.is_first,
                    encoding=resolved.dataset.split("train").encoding,
                ),
                log_to=request.log_to,
                group=group,
                device=request.device,
                command=_typed(request, directory),
            )
        except Interrupted as stop:
            raise Interrupted(f"{stop}; {_going_on(request, directory, group)}", stop.exit_code) from None
    return Run.read(directory)


def estimate(resolved: ResolvedRun) -> DryRun:
    """Take a few steps of a resolved run, and return what all of it would take; nothing is written."""
    run = Path(resolved.request.run or RUNS)
    return dry_run(resolved.dataset, resolved.recipe, run, device=resolved.device, keep=resolved.request.keep)


def fresh_run(name: str) -> Path:
    """Make a run directory that did not exist: runs/NAME, runs/NAME-2 ...

    Raises:
        RunError: it cannot be made.
    """
    try:
        RUNS.mkdir(exist_ok=True)
    except OSError as error:
        raise RunError(f"{RUNS}/ cannot be made here ({error.strerror}): say --run DIR") from error
    for number in itertools.count(1):
        path = RUNS / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()  # of two processes, one makes it
        except FileExistsError:
            continue
        except OSError as error:
            raise RunError(f"{path} cannot be made ({error.strerror}): say --run DIR") from error
        return path
    raise AssertionError("count() does not end")


def _launch_processes(resolved: ResolvedRun) -> Run:
    """Train in processes of their own; each of them resolves the request again, as rank and world size say."""
    request, count = resolved.request, resolved.request.processes or 1
    with _run_directory(request.run, resolved.recipe.name, ALONE) as directory, _signal_handlers_kept():
        arguments = dataclasses.replace(request, run=directory).arguments()
        code = start(count, arguments, threads=max(1, cores() // count))
    if code in LEAVING.values():
        raise Interrupted(f"{directory} has stopped; {_going_on(request, directory, ALONE)}", code)
    if code:
        raise PeerError(f"the processes of the run ended with exit code {code}, as they have said", code)
    return Run.read(directory)


@contextlib.contextmanager
def _signal_handlers_kept() -> Iterator[None]:
    """Give the caller its signal handlers back, which torchrun does not."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    before = {number: handler for number in numbers if (handler := signal.getsignal(number)) is not None}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _run_directory(run: str | Path | None, name: str, group: ProcessGroup) -> Iterator[Path]:
    """Give the run directory: the one asked for, or a fresh one, which goes again if nothing was begun in it."""
    if run is not None:
        yield Path(run)
        return
    path = group.from_first(lambda: fresh_run(name))
    try:
        yield path
    finally:
        if group.is_first:
            with contextlib.suppress(OSError):  # it holds a run
                path.rmdir()


def _typed(request: RunRequest, directory: Path) -> list[str]:
    """Return the command that a run is begun with; none where it cannot be typed, as with a recipe made in Python."""
    try:
        return ["alexnet", *dataclasses.replace(request, run=directory, resume=False).arguments()]
    except RecipeError:
        return []


def _going_on(request: RunRequest, directory: Path, group: ProcessGroup) -> str:
    """Return how to go on with an interrupted run: the command, where we know who started the processes."""
    if group.is_distributed and request.processes is None:
        return "the same command with --resume goes on"
    try:
        return f"go on with: {shlex.join(['alexnet', *request.resumed(directory).arguments()])}"
    except RecipeError:  # its pictures or its recipe have no name
        return "the same call with resume=True goes on"
