"""The training loop: epochs of steps, a validation after each, checkpoints on the way."""

import contextlib
import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from alexnet import randomness
from alexnet.data.batches import batches
from alexnet.data.dataset import Dataset, Split
from alexnet.distributed.processes import ALONE, PeerError, Processes
from alexnet.errors import DivergedError
from alexnet.evaluation.metrics import Tally
from alexnet.evaluation.predict import probabilities
from alexnet.journal import Row
from alexnet.memory import exhausted
from alexnet.networks.network import Network
from alexnet.training.device import settled, suitable_device
from alexnet.training.directory import RunDirectory, checkpoints
from alexnet.training.diverging import stuck
from alexnet.training.progress import Progress
from alexnet.training.recipe import Recipe
from alexnet.training.resuming import check_same, notices
from alexnet.training.saving import Saver
from alexnet.training.schedule import factor
from alexnet.training.settings import to_plain
from alexnet.training.starting import starting_network
from alexnet.training.state import Plan, State
from alexnet.training.step import too_large, train_step
from alexnet.training.stopping import Abandoned, Interrupted, Stopping
from alexnet.training.trackers import open_tracker
from alexnet.training.unread import Unread, check_share
from alexnet.training.watching import Watching

RETRY_SECONDS: Final = 60.0  # after a checkpoint that could not be written


@final
@dataclass(frozen=True)
class Saving:
    """When checkpoints are written besides the one after each epoch, and how many are kept."""

    every_steps: int = 0
    """Steps between checkpoints; 0 for none."""
    every_seconds: float = 600.0
    """Seconds between checkpoints."""
    keep: int = 2
    """How many of the newest checkpoints are kept, besides the best network."""


def run_training(
    dataset: Dataset,
    recipe: Recipe,
    run: Path,
    *,
    resume: bool = False,
    saving: Saving | None = None,
    progress: Progress | None = None,
    log_to: Sequence[str] = (),
    processes: Processes = ALONE,
    device: str = "auto",
) -> list[Row]:
    """Train a network on a data set as a recipe says, and keep everything about it in a run directory.

    A run that is killed and resumed ends with the same weights and journal as one that never stopped, bit for
    bit, on the CPU with the same number of threads.

    Args:
        dataset: prepared pictures with a training split and, where there is one, a validation split.
        recipe: the resolved recipe: its network has the data set's classes.
        run: the run directory.
        resume: go on with the run that is there; without one, begin.
        saving: when to write checkpoints.
        progress: is told how it goes.
        log_to: programs that are told the journal's rows: tensorboard, wandb, mlflow, trackio.
        processes: who train it together; the first one writes.
        device: where to compute: cpu, cuda, or auto, which is a CUDA device where there is one.
    Returns:
        the journal's rows, one an epoch.
    Raises:
        RunError: the run directory is taken, in use or not writable.
        CheckpointError: its checkpoints cannot be used, or belong to another recipe or data.
        DivergedError: the loss is no longer a number.
        AlexNetError: there is not enough memory.
        DataError: more than 5% of an epoch's pictures cannot be read; fewer are named and left out.
        PeerError: another process has ended; where this one has the whole network, it has saved.
        Interrupted: a signal asked to stop; the run has saved.
    """
    saving, progress = saving or Saving(), progress or Progress()
    place = suitable_device(device, precision=recipe.training.precision, compile=recipe.training.compile)
    training = dataset.split("train")
    plan = Plan(recipe, len(training))
    with contextlib.ExitStack() as leaving:
        directory = leaving.enter_context(RunDirectory(run, resume=resume, processes=processes))
        stopping = leaving.enter_context(Stopping(processes))
        start = None if checkpoints(run) else starting_network(recipe, progress.say)
        state = State.begin(dataset, recipe, processes, place, start=start)
        if resume:
            _resume(state, directory, dataset, plan, progress)
        plain = to_plain(recipe)
        trackers = {name: open_tracker(name, run, plain) for name in log_to if directory.writes}
        directory.describe(plain)
        watching = leaving.enter_context(Watching(directory, trackers, progress.say))
        watching.write(state.history)
        saver = Saver(directory, saving.keep, progress.say)
        unread = Unread(training, processes, progress.say)
        _check_space(state.bytes * (saving.keep + 2), directory, progress)
        progress.note(settled(place))
        progress.begin(state.step, plan.total_steps, plan.steps_per_epoch)
        if state.step >= plan.total_steps:
            progress.say(
                f"already finished after {recipe.training.epochs:g} epochs: --epochs may ask for more"
            )

        def save(*, best: bool = False, last: bool = False) -> None:
            saver.submit(state.snapshot(dataset, recipe, last=last), best=best)

        saved = time.monotonic()
        try:
            while True:
                if state.images and plan.ends_epoch(state.step):
                    tally = _validated(state, dataset, recipe, stopping)
                    if stopping.code is not None:
                        break  # in the middle of a validation, which is done anew on going on
                    _end_epoch(state, plan, tally, dataset, progress)
                    save(best=state.improved())
                    watching.write(state.history)
                    watching.tell(state.history[-1])
                    saved = time.monotonic()
                if state.step >= plan.total_steps or stopping.code is not None:
                    break
                epoch, done = divmod(state.step, plan.steps_per_epoch)
                order = randomness.order(recipe.training.seed, epoch, len(training))
                size = recipe.training.batch_size
                feed = batches(
                    training,
                    order,
                    size,
                    start=done * size,
                    reads=state.reads(recipe),
                    pinned=place.type == "cuda",
                    gaps=True,
                )
                for batch in progress.timed(feed):
                    now = recipe.at(plan.epochs(state.step)) if recipe.changes else recipe
                    standing, colours, before = state.standing(plan), dataset.colour_components, state.unread
                    try:
                        train_step(state, batch, now, standing, colours, stopping.abandoning())
                    except Abandoned:
                        break  # nothing of this step was kept; it is taken anew on going on
                    unread.tell(batch, before, state.unread)
                    progress.step(state.step, state.loss / max(state.images, 1), batch.total)
                    due = saving.every_steps > 0 and state.step % saving.every_steps == 0
                    patience = saving.every_seconds if saver.failure is None else RETRY_SECONDS
                    wanted = stopping.agree(due or time.monotonic() - saved > patience)
                    if state.step == plan.total_steps or stopping.code is not None:
                        break
                    if wanted:
                        saved = time.monotonic()
                        save()
            if stopping.code is not None:
                save(last=True)
        except PeerError:
            if state.whole and state.step > 0:
                save()
            raise
        except DivergedError as error:
            raise _diverged(error, recipe, saver) from error
        except (MemoryError, RuntimeError) as error:
            if not exhausted(error):
                raise
            raise too_large(recipe) from error
        finally:
            saver.wait()
            progress.end()
        if saver.failure is not None:
            raise saver.failure
        if stopping.code is not None:
            where = f"step {state.step} of {plan.total_steps}"
            raise Interrupted(f"stopped and saved at {where}: --resume goes on", stopping.code)
        if left := sum(row.get("training_unread", 0) for row in state.history):
            progress.say(
                f"{left:,} times a training picture could not be read and was left out: see the journal"
            )
        return state.history


def judge(
    network: Network, split: Split, views: int, stopping: Stopping, processes: Processes = ALONE
) -> Tally:
    """Judge a network on every picture of a split once.

    A signal ends it early, and the tally does not count; a picture that cannot be read is left out.
    """
    tally = Tally(network.architecture.classes)
    for predicted, labels in probabilities([network], split, views=views, processes=processes, gaps=True):
        tally.add(predicted, labels)
        stopping.agree(stopping.save)
        if stopping.code is not None:
            break
    return tally.over(processes)


def _resume(state: State, directory: RunDirectory, dataset: Dataset, plan: Plan, progress: Progress) -> None:
    """Take the newest whole checkpoint; without any, stay at the beginning and say so."""
    found, damaged = state.processes.from_first(directory.latest)
    for line in damaged:
        progress.say(f"{line}; using the one before")
    if found is None:
        progress.say(f"nothing to resume in {directory.path}: beginning at step 0")
        return
    check_same(found, dataset, plan.recipe)
    state.take(found)
    progress.say(f"resumed at step {state.step}")
    if changed := directory.changed_environment():
        progress.say(f"bit for bit the same needs the same machine; since the run began {'; '.join(changed)}")
    for line in notices(found, plan, state):
        progress.say(line)


def _validated(state: State, dataset: Dataset, recipe: Recipe, stopping: Stopping) -> Tally | None:
    if "validation" not in dataset.splits:
        return None
    views = recipe.training.validation_views
    split = dataset.split("validation")
    tally = judge(state.network, split, views, stopping, state.processes)
    if stopping.code is None:
        check_share(len(split) - tally.count, len(split), "validation")
    return tally


def _end_epoch(state: State, plan: Plan, tally: Tally | None, dataset: Dataset, progress: Progress) -> None:
    """Add the epoch's row to the history and begin to count anew."""
    now = plan.recipe.at(plan.epochs(state.step - 1)).training
    row: dict[str, Any] = {
        "epoch": round(plan.epochs(state.step), 6),
        "step": state.step,
        "rate": now.scaling * now.rates.weight * factor(now.schedule, state.standing(plan, back=1)),
        "training_loss": state.loss / state.images,
        "training_top1_error": state.wrong / state.images,
    }
    if state.unread:
        row["training_unread"] = state.unread
    if tally is not None:
        if not math.isfinite(tally.loss):
            raise DivergedError(
                f"the loss on the validation pictures is {tally.loss} after step {state.step}"
            )
        state.validation_errors.append(tally.top1_error)
        row |= {
            "validation_loss": tally.loss,
            "validation_top1_error": tally.top1_error,
            "validation_top5_error": tally.top5_error,
        }
        if unjudged := len(dataset.split("validation")) - tally.count:
            row["validation_unread"] = unjudged
    row |= progress.timing()
    state.history.append(row)
    state.loss, state.wrong, state.images, state.unread = 0.0, 0.0, 0, 0
    progress.epoch(row)
    if (advice := stuck(state.history, plan.recipe.network.classes)) is not None:
        progress.say(advice)


def _check_space(needed: int, directory: RunDirectory, progress: Progress) -> None:
    """Say before the first step where the disk will not hold the checkpoints."""
    if not directory.writes:
        return
    free = shutil.disk_usage(directory.path).free
    if free < needed:
        progress.say(
            f"the disk of {directory.path} has {free / 1e6:,.0f} MB free and the checkpoints need "
            f"{needed / 1e6:,.0f} MB: make room before they do not fit"
        )


def _diverged(error: DivergedError, recipe: Recipe, saver: Saver) -> DivergedError:
    """Return the error with what was kept and what to do."""
    saver.wait()
    kept = f"go on from {saver.newest} with" if saver.newest is not None else "begin anew with"
    rate = recipe.training.rates.weight / 10
    return DivergedError(
        f"{error}: nothing of that step was kept; {kept} --resume and a lower rate, for instance "
        f"--set training.rates.weight={rate:g} --set training.rates.bias={rate:g}"
    )
