"""The training loop: epochs of steps, a validation after each, checkpoints on the way."""

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from alexnet import randomness
from alexnet.data.batches import batches
from alexnet.data.dataset import Dataset, Split
from alexnet.evaluation.metrics import Tally
from alexnet.evaluation.predict import probabilities
from alexnet.journal import Journal, Row
from alexnet.networks.network import Network
from alexnet.training.directory import BEST, RunDirectory
from alexnet.training.progress import Progress
from alexnet.training.recipe import Recipe
from alexnet.training.resuming import check_same
from alexnet.training.saving import Saver
from alexnet.training.schedule import factor
from alexnet.training.settings import to_plain
from alexnet.training.state import Plan, State
from alexnet.training.step import train_step
from alexnet.training.stopping import Interrupted, Stopping


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
    Returns:
        the journal's rows, one an epoch.
    Raises:
        RunError: the run directory is taken, in use or not writable.
        CheckpointError: its checkpoints cannot be used, or belong to another recipe or data.
        AlexNetError: the loss is no longer a number.
        Interrupted: a signal asked to stop; the run has saved.
    """
    saving, progress = saving or Saving(), progress or Progress()
    training = dataset.split("train")
    plan = Plan(recipe, len(training))
    with RunDirectory(run, resume=resume) as directory, Stopping() as stopping:
        state = State.begin(dataset, recipe)
        if resume:
            _resume(state, directory, dataset, recipe, progress)
        directory.describe(to_plain(recipe))
        journal = Journal(run, state.history)
        saver = Saver(progress.say)
        progress.begin(state.step, plan.total_steps, plan.steps_per_epoch)
        if state.step >= plan.total_steps:
            progress.say(
                f"already finished after {recipe.training.epochs:g} epochs: --epochs may ask for more"
            )

        def save(*, best: bool = False) -> None:
            made = state.snapshot(dataset, recipe)
            files = {directory.checkpoint_path(state.step): made}
            if best:
                files[run / BEST] = replace(made, velocity={}, state={})
            saver.submit(files, then=lambda: directory.prune(saving.keep))

        saved = time.monotonic()
        try:
            while True:
                if state.images and plan.ends_epoch(state.step):
                    tally = _validated(state.network, dataset, recipe, stopping)
                    if stopping.code is not None:
                        break  # in the middle of a validation, which is done anew on going on
                    _end_epoch(state, plan, tally, progress)
                    _write(journal, state.history[-1], progress)
                    save(best=state.improved())
                    saved = time.monotonic()
                if state.step >= plan.total_steps or stopping.code is not None:
                    break
                epoch, done = divmod(state.step, plan.steps_per_epoch)
                order = randomness.order(recipe.training.seed, epoch, len(training))
                feed = batches(
                    training, order, recipe.training.batch_size, start=done * recipe.training.batch_size
                )
                for batch in progress.timed(feed):
                    now = recipe.at(plan.epochs(state.step)) if recipe.changes else recipe
                    train_step(state, batch, now, state.standing(plan), dataset.colour_components)
                    progress.step(state.step, state.loss / state.images, len(batch.labels))
                    if state.step == plan.total_steps or stopping.code is not None:
                        break
                    due = saving.every_steps > 0 and state.step % saving.every_steps == 0
                    if due or stopping.save or time.monotonic() - saved > saving.every_seconds:
                        stopping.save, saved = False, time.monotonic()
                        save()
            if stopping.code is not None:
                save()
        finally:
            saver.wait()
            progress.end()
        if saver.failure is not None:
            raise saver.failure
        if stopping.code is not None:
            where = f"step {state.step} of {plan.total_steps}"
            raise Interrupted(f"stopped and saved at {where}: --resume goes on", stopping.code)
        return state.history


def judge(network: Network, split: Split, views: int, stopping: Stopping | None = None) -> Tally:
    """Judge a network on every picture of a split once; a signal ends it early, and the tally does not count."""
    tally = Tally(network.architecture.classes)
    for predicted, labels in probabilities([network], split, views=views):
        tally.add(predicted, labels)
        if stopping is not None and stopping.code is not None:
            break
    return tally


def _resume(
    state: State, directory: RunDirectory, dataset: Dataset, recipe: Recipe, progress: Progress
) -> None:
    """Take the newest whole checkpoint; without any, stay at the beginning and say so."""
    found, damaged = directory.latest()
    for line in damaged:
        progress.say(f"{line}; using the one before")
    if found is None:
        progress.say(f"nothing to resume in {directory.path}: beginning at step 0")
        return
    check_same(found, dataset, recipe)
    state.take(found)
    progress.say(f"resumed at step {state.step}")


def _validated(network: Network, dataset: Dataset, recipe: Recipe, stopping: Stopping) -> Tally | None:
    if "validation" not in dataset.splits:
        return None
    return judge(network, dataset.split("validation"), recipe.training.validation_views, stopping)


def _end_epoch(state: State, plan: Plan, tally: Tally | None, progress: Progress) -> None:
    """Add the epoch's row to the history and begin to count anew."""
    now = plan.recipe.at(plan.epochs(state.step - 1)).training
    row: dict[str, Any] = {
        "epoch": round(plan.epochs(state.step), 6),
        "step": state.step,
        "rate": now.rates.weight * factor(now.schedule, state.standing(plan)),
        "training_loss": state.loss / state.images,
        "training_top1_error": state.wrong / state.images,
    }
    if tally is not None:
        state.validation_errors.append(tally.top1_error)
        row |= {
            "validation_loss": tally.loss,
            "validation_top1_error": tally.top1_error,
            "validation_top5_error": tally.top5_error,
        }
    row |= progress.timing()
    state.history.append(row)
    state.loss, state.wrong, state.images = 0.0, 0.0, 0
    progress.epoch(row)
    if (advice := _stuck(state.history, plan.recipe.network.classes)) is not None:
        progress.say(advice)


def _write(journal: Journal, row: Row, progress: Progress) -> None:
    """Write a row to the journal's files; a full disk does not end the run: the checkpoint has the row too."""
    try:
        journal.append(row)
    except OSError as error:
        progress.say(
            f"the journal in {journal.directory} could not be written ({error.strerror}); training goes on"
        )


def _stuck(history: list[Row], classes: int) -> str | None:
    """Return advice where the loss has been that of guessing, ln(classes), for three epochs; once in a run."""
    guessing = math.log(classes)
    losses = [float(row["training_loss"]) for row in history]
    if classes < 2 or len(losses) != 3 or any(abs(loss / guessing - 1.0) > 0.01 for loss in losses):
        return None
    return (
        f"the loss has stayed at ln({classes}) = {guessing:.2f}, which is guessing, for three epochs: a higher "
        "first rate, larger initial weights or a smaller batch usually gets it going"
    )
