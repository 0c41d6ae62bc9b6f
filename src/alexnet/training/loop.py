"""The training loop: epochs of steps, a validation after each, checkpoints on the way."""

import contextlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alexnet import randomness
from alexnet.data.batches import batches
from alexnet.data.dataset import Dataset
from alexnet.device import describe_device
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import DivergedError, Interrupted, PeerError
from alexnet.memory import exhausted
from alexnet.runs.checkpoint_writer import CheckpointPolicy, CheckpointWriter
from alexnet.runs.checkpoints import checkpoints
from alexnet.runs.directory import RunDirectory
from alexnet.runs.journal import STOPPED_EARLY, Row
from alexnet.runs.origin import Origin
from alexnet.runs.run_log import RunLog
from alexnet.runs.trackers import open_tracker
from alexnet.training.collapse import COLLAPSED, CollapseCheck
from alexnet.training.compute import suitable_device
from alexnet.training.display import ProgressDisplay
from alexnet.training.plan import Plan
from alexnet.training.recipe import Recipe
from alexnet.training.resuming import resume_run
from alexnet.training.signals import SignalGuard, StepAborted
from alexnet.training.starting import begin_training
from alexnet.training.step import out_of_memory, train_step, training_inputs
from alexnet.training.unreadable import UnreadablePictures
from alexnet.training.validation import end_epoch, validated

RETRY_SECONDS: Final = 60.0  # after a checkpoint that could not be written


def run_training(
    dataset: Dataset,
    recipe: Recipe,
    run: Path,
    *,
    resume: bool = False,
    policy: CheckpointPolicy | None = None,
    display: ProgressDisplay | None = None,
    log_to: Sequence[str] = (),
    group: ProcessGroup = ALONE,
    device: str = "auto",
    command: Sequence[str] = (),
) -> Sequence[Row]:
    """Train a network on a data set as a recipe says, and keep everything about it in a run directory.

    A run that is killed and resumed ends with the same weights and journal as one that never stopped, bit for
    bit, on the CPU with the same number of threads.

    Args:
        dataset: prepared pictures with a training split and, where there is one, a validation split.
        recipe: the resolved recipe: its network has the data set's classes.
        run: the run directory.
        resume: go on with the run that is there; without one, begin.
        policy: when to write checkpoints, and how many to keep.
        display: is told how it goes.
        log_to: programs that are told the journal's rows: tensorboard, wandb, mlflow, trackio.
        group: the processes that train it together; the first one writes.
        device: where to compute: cpu, cuda, or auto, which is a CUDA device where there is one.
        command: the words that began it, which the run remembers.
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
    policy, display = policy or CheckpointPolicy(), display or ProgressDisplay()
    where = suitable_device(device, precision=recipe.training.precision, compile=recipe.training.compile)
    training, colours = dataset.split("train"), dataset.colour_components
    plan, size, seed = Plan(recipe, len(training)), recipe.training.batch_size, recipe.training.seed
    with contextlib.ExitStack() as leaving:
        directory = leaving.enter_context(RunDirectory(run, resume=resume, group=group))
        signals = leaving.enter_context(SignalGuard(group))
        resumed = any(checkpoints(run))
        replica, state = begin_training(dataset, recipe, group, where, say=display.say, resumed=resumed)
        if resume:
            resume_run(state, replica, directory, dataset, plan, display.say)
        plain = recipe.to_plain()
        trackers = {name: open_tracker(name, run, plain) for name in log_to if directory.writes}
        directory.begin(plain, where, Origin.of(dataset, command))
        run_log = leaving.enter_context(RunLog(directory, trackers, display.say))
        run_log.write(state.history)
        writer = CheckpointWriter(directory, policy.keep, display.say)
        unreadable = UnreadablePictures(training, group, display.say)
        collapse = CollapseCheck(training, state.network.costs, recipe.training.rates.weight, display.say)
        _check_space(state.bytes * (policy.keep + 2), directory, display)
        display.note(describe_device(where))
        display.begin(state.step, plan.total_steps, plan.steps_per_epoch)
        if state.history and plan.is_finished(state.step, state.validation_errors):
            display.say(
                f"already finished after {recipe.training.epochs:g} epochs: --epochs may ask for more"
            )

        def save(*, best: bool = False, last: bool = False) -> None:
            writer.submit(state.snapshot(replica, dataset, recipe, last=last), best=best)

        saved = time.monotonic()
        try:
            while True:
                if state.epoch.images and plan.ends_epoch(state.step):
                    tally = validated(state, dataset, plan, signals, group)
                    if signals.code is not None:
                        break  # in the middle of a validation, which is done anew on going on
                    display.epoch(end_epoch(state, plan, tally, dataset, display.timing()))
                    if collapse.end_epoch(state.history):
                        state.history[-1][COLLAPSED] = True
                    finished = plan.is_finished(state.step, state.validation_errors)
                    if finished and state.step < plan.total_steps:
                        state.history[-1][STOPPED_EARLY] = True
                    save(best=state.has_improved())
                    run_log.write(state.history)
                    run_log.tell(state.history[-1])
                    saved = time.monotonic()
                if plan.is_finished(state.step, state.validation_errors) or signals.code is not None:
                    break
                epoch, done = divmod(state.step, plan.steps_per_epoch)
                feed = batches(
                    training,
                    randomness.order(seed, epoch, len(training)),
                    size,
                    start=done * size,
                    division=replica.division,
                    pinned=where.type == "cuda",
                    skip_unreadable=True,
                )
                for batch in display.timed(feed):
                    before = state.epoch.unreadable
                    now, progress = plan.recipe_at(state.step), state.progress(plan)
                    try:
                        train_step(state, replica, batch, now, progress, colours, signals.aborting_steps())
                    except StepAborted:
                        break  # nothing of this step was kept; it is taken anew on going on
                    unreadable.tell(batch, before, state.epoch.unreadable)
                    if collapse.is_due(state.step, ends_epoch=plan.ends_epoch(state.step)):
                        for part in batch.micro_batches[:1]:
                            images, _, _ = training_inputs(part, now, progress, state.step, colours, where)
                            collapse.look(replica.network, images, state.step)
                    display.step(state.step, state.epoch.loss / max(state.epoch.images, 1), batch.total)
                    due = policy.every_steps > 0 and state.step % policy.every_steps == 0
                    patience = policy.every_seconds if writer.failure is None else RETRY_SECONDS
                    wanted = signals.synchronise(due or time.monotonic() - saved > patience)
                    if state.step == plan.total_steps or signals.code is not None:
                        break
                    if wanted:
                        saved = time.monotonic()
                        save()
            if signals.code is not None:
                save(last=True)
        except PeerError:
            if replica.is_whole and state.step > 0:
                save()
            raise
        except DivergedError as error:
            raise _diverged(error, recipe, writer) from error
        except (MemoryError, RuntimeError) as error:
            if not exhausted(error):
                raise
            raise out_of_memory(recipe) from error
        finally:
            writer.wait()
            display.end()
        if writer.failure is not None:
            raise writer.failure
        if signals.code is not None:
            raise Interrupted(f"stopped and saved at step {state.step} of {plan.total_steps}", signals.code)
        if left := sum(row.get("training_unreadable", 0) for row in state.history):
            display.say(
                f"{left:,} times a training picture could not be read and was left out: see the journal"
            )
        if collapse.advice is not None:
            display.say(f"this run has learned nothing that is worth an evaluation: {collapse.advice}")
        return state.history


def _check_space(needed: int, directory: RunDirectory, display: ProgressDisplay) -> None:
    """Say before the first step where the disk will not hold the checkpoints."""
    if not directory.writes:
        return
    free = shutil.disk_usage(directory.path).free
    if free < needed:
        display.say(
            f"the disk of {directory.path} has {free / 1e6:,.0f} MB free and the checkpoints need "
            f"{needed / 1e6:,.0f} MB: make room before they do not fit"
        )


def _diverged(error: DivergedError, recipe: Recipe, writer: CheckpointWriter) -> DivergedError:
    """Return the error with what was kept and what to do."""
    writer.wait()
    kept = f"go on from {writer.newest} with" if writer.newest is not None else "begin anew with"
    rate = recipe.training.rates.weight / 10
    return DivergedError(
        f"{error}: nothing of that step was kept; {kept} --resume and a lower rate, for instance "
        f"--set training.rates.weight={rate:g} --set training.rates.bias={rate:g}"
    )
