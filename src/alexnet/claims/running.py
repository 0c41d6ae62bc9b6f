"""A claim's experiment, run: each training once, each arm measured once; what was stopped or killed goes on.

The state is on the disk alone: runs, which resume bit for bit, and the journal, to which an arm is written when it is
measured. Nothing has to be remembered between two calls.
"""

import datetime
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import torch

from alexnet.bench.machine import machine
from alexnet.claims import journal
from alexnet.claims.claim import Arm, Claim, Training, plain
from alexnet.claims.journal import Record
from alexnet.data.dataset import Dataset
from alexnet.data.named import open_dataset
from alexnet.errors import DataError, DivergedError, Interrupted
from alexnet.launch.launch import launch
from alexnet.launch.request import RunRequest
from alexnet.launch.resolve import ResolvedRun, resolve
from alexnet.runs.directory import RECIPE
from alexnet.runs.run import Run
from alexnet.runs.tidying import tidy
from alexnet.version import VERSION

RUNS: Final = "runs"
"""Where the runs lie, below the folder of the journals."""


@final
@dataclass(frozen=True)
class Workspace:
    """Where experiments are kept, and on what pictures they are run."""

    folder: Path
    """Of the journals; runs lie below it."""
    datasets: Sequence[Dataset]
    """As many as the claim names, opened."""
    note: str = ""
    """What has to be said of the pictures beside each figure."""
    device: str = "auto"
    say: Callable[[str], None] = print
    """Is told what is being done, a line each."""

    @property
    def fingerprint(self) -> str:
        """Of all its pictures."""
        return "+".join(dataset.fingerprint for dataset in self.datasets)


@final
@dataclass(frozen=True)
class Step:
    """An arm and a seed that have not been measured yet."""

    arm: Arm
    seed: int

    @property
    def trainings(self) -> list[tuple[Training, int]]:
        """What it needs trained, with the seed of each, what others begin with first."""
        found: list[tuple[Training, int]] = []
        for own, seed in self.arm.runs(self.seed):
            training: Training | None = own
            needed = []
            while training is not None:
                needed.append((training, seed))
                training = training.start
            found += reversed(needed)
        return found


def opened(claim: Claim, given: Sequence[str]) -> list[Dataset]:
    """Open the data sets of a claim.

    Args:
        claim: that names them.
        given: names or paths instead, in the claim's order; what is left out goes by its name.
    Raises:
        DataError: one is not there, or there are too many.
    """
    if len(given) > len(claim.data):
        raise DataError(f"{claim.name} takes {len(claim.data)} data sets, not {len(given)}")
    try:
        return [open_dataset(data) for data in (*given, *claim.data[len(given) :])]
    except DataError as error:
        needed = ", then ".join(claim.data)
        raise DataError(
            f"{error}; {claim.name} needs {needed}: say where with --data, in this order"
        ) from None


def missing(claim: Claim, folder: Path, seeds: int) -> list[Step]:
    """Return what has not been measured yet: the first seed of every arm before the second of any."""
    done = {(record.arm, record.seed, record.key) for record in journal.read(folder, claim.name)}
    steps = (Step(arm, seed) for seed in range(seeds) for arm in claim.arms)
    return [step for step in steps if (step.arm.name, step.seed, step.arm.key) not in done]


def run_claim(claim: Claim, workspace: Workspace, *, seeds: int | None = None) -> Iterator[Record]:
    """Run what has not been run yet of a claim's experiment.

    Args:
        claim: the claim.
        workspace: where it is kept.
        seeds: how many of each arm; left out, the claim's own.
    Yields:
        each record when it is in the journal.
    Raises:
        Interrupted: a signal asked to stop; the same call goes on.
        RecipeError, DataError, RunError: something does not fit; or the folder holds results of other pictures.
    """
    _check_pictures(claim, workspace)
    for step in missing(claim, workspace.folder, seeds or claim.seeds):
        began = time.monotonic()
        for training, seed in step.trainings:
            _train(training, seed, workspace)
        workspace.say(f"{claim.name}: {step.arm.words}, seed {step.seed}: measuring")
        own = step.arm.runs(step.seed)
        runs = [run_directory(workspace.folder, training, seed) for training, seed in own]
        dataset = _shown(*own[-1], workspace) if own else workspace.datasets[0]
        measured = step.arm.measure(runs, dataset)
        record = Record(
            claim=claim.name,
            arm=step.arm.name,
            seed=step.seed,
            key=step.arm.key,
            measured=measured,
            seconds=round(time.monotonic() - began, 1),
            date=datetime.date.today().isoformat(),
            machine=described_machine(),
            version=VERSION,
            data=f"{dataset.name}{f', {workspace.note}' if workspace.note else ''}",
            command=f"alexnet claims run {claim.name} --seeds {seeds or claim.seeds}",
            trainings=tuple(
                plain(training, len(_shown(training, step.seed, workspace).split("train")))
                for training in step.arm.trainings
            ),
            fingerprint=workspace.fingerprint,
        )
        journal.append(workspace.folder, record)
        yield record


def _check_pictures(claim: Claim, workspace: Workspace) -> None:
    """Refuse to go on with what was measured on other pictures."""
    for record in journal.read(workspace.folder, claim.name):
        if record.fingerprint not in ("", workspace.fingerprint):
            raise DataError(
                f"{workspace.folder} holds results of {claim.name} on other pictures ({record.data}): give those, or "
                "another folder with --into"
            )


def resolved_trainings(claim: Claim, workspace: Workspace) -> Iterator[tuple[Training, ResolvedRun]]:
    """Yield each training of a claim's first seed as it would be run; nothing is written."""
    seen: dict[str, Training] = {}
    for arm in claim.arms:
        for training, _ in Step(arm, 0).trainings:
            seen.setdefault(training.name, training)
    for training in seen.values():
        request = _request(training, 0, workspace, training.epochs, start=False)
        yield training, resolve(request, writes=False)


def run_directory(folder: Path, training: Training, seed: int) -> Path:
    """Return where a training of a seed lies."""
    return folder / RUNS / f"{training.name}-seed-{seed}"


def described_machine() -> str:
    """Return what a figure of time depends on, in a line."""
    facts = machine()
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    said = f"{facts['processor']}, {facts['cores']} cores, {facts['threads']} threads, torch {facts['torch']}"
    return f"{device}, {said}" if device else said


def _launch(request: RunRequest) -> None:
    try:
        launch(resolve(request))
    except Interrupted as stop:
        raise Interrupted("stopped and saved; the same command goes on", stop.exit_code) from None


def _train(training: Training, seed: int, workspace: Workspace) -> None:
    """Train, or go on, or find it done.

    A run that ends in numbers that are none is an outcome, of which the last whole network is measured.
    """
    path = run_directory(workspace.folder, training, seed)
    if _ended(path, training):
        return
    try:
        for epochs in _portions(training):
            begun = os.path.exists(path / RECIPE)
            if begun and Run.read(path).epoch >= epochs:
                continue
            workspace.say(f"{path.name}: {'on to' if begun else ''} {epochs:g} epochs".replace("  ", " "))
            _launch(_request(training, seed, workspace, epochs, resume=begun))
            if _ended(path, training):
                break
    except DivergedError as error:
        workspace.say(f"{path.name}: {error}")
    if Run.read(path).state == "finished":
        tidy(Run.read(path))


def _portions(training: Training) -> list[float]:
    """Return up to how many epochs to train at a time: all, or one by one where an error may end it."""
    if training.until is None:
        return [training.epochs]
    return [float(epoch) for epoch in range(1, round(training.epochs) + 1)]


def _ended(path: Path, training: Training) -> bool:
    """Whether a training is done: all its epochs, or its error reached, or it came to numbers that are none."""
    if not os.path.exists(path / RECIPE):
        return False
    run = Run.read(path)
    if run.epoch >= training.epochs or run.state == "failed":
        return True
    errors = [row.get("training_top1_error") for row in run.history]
    return training.until is not None and any(
        error is not None and error <= training.until for error in errors
    )


def _request(
    training: Training,
    seed: int,
    workspace: Workspace,
    epochs: float,
    *,
    resume: bool = False,
    start: bool = True,
) -> RunRequest:
    weights = (
        run_directory(workspace.folder, training.start, seed)
        if training.start is not None and start
        else None
    )
    return RunRequest(
        _shown(training, seed, workspace),
        training.recipe,
        run_directory(workspace.folder, training, seed),
        network=training.network,
        weights=weights,
        epochs=epochs,
        seed=seed,
        set=dict(training.settings),
        resume=resume,
        device=workspace.device,
        quiet=True,
    )


def _shown(training: Training, seed: int, workspace: Workspace) -> Dataset:
    """Return the pictures that a training is shown."""
    dataset = workspace.datasets[training.data]
    if training.part < 1.0:
        dataset = dataset.subset(training.part, seed)
    return dataset.permuted(seed) if training.permuted else dataset
