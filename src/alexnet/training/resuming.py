"""What may change when a run goes on, and what may not."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from alexnet.checkpoint import Checkpoint
from alexnet.data.dataset import Dataset
from alexnet.errors import CheckpointError, RunError
from alexnet.runs.checkpoints import newest_whole
from alexnet.runs.directory import TIDIED, RunDirectory
from alexnet.training.plan import Plan
from alexnet.training.recipe import Recipe
from alexnet.training.replica import Replica
from alexnet.training.schedule import factor
from alexnet.training.state import State

MAY_CHANGE: Final = (
    "training.epochs",
    "training.accumulate",
    "training.early_stopping",
    "training.rates",
    "training.stages",
    "changes",
)


def resume_run(
    state: State,
    replica: Replica,
    directory: RunDirectory,
    dataset: Dataset,
    plan: Plan,
    say: Callable[[str], None],
) -> None:
    """Take the newest whole checkpoint of a run; without any, stay at the beginning and say so.

    Raises:
        CheckpointError: there are checkpoints and none is whole, or it belongs to another recipe or data.
    """
    found, damaged = replica.group.from_first(lambda: newest_whole(directory.path))
    for line in damaged:
        say(f"{line}; using the one before")
    if found is None and (directory.path / TIDIED).exists():
        raise RunError(
            f"{directory.path} was tidied: what it needs to go on is gone. --from {directory.path} with another "
            "--run begins with what it has learned"
        )
    if found is None:
        say(f"nothing to resume in {directory.path}: beginning at step 0")
        return
    check_same(found, dataset, plan.recipe)
    state.restore(found, replica)
    say(f"resumed at step {state.step}")
    if changed := directory.changed_environment(replica.device):
        say(f"bit for bit the same needs the same machine; since the run began {'; '.join(changed)}")
    for line in notices(found, plan, state):
        say(line)


def check_same(found: Checkpoint, dataset: Dataset, recipe: Recipe) -> None:
    """Check that a checkpoint belongs to this recipe and this data.

    More epochs and other rates may be asked for; everything else would be another run.

    Raises:
        CheckpointError: the checkpoint cannot be gone on from, or names what differs.
    """
    if not found.state or not found.velocity:
        raise CheckpointError(
            "the checkpoint holds a network but no training state: it cannot be gone on from"
        )
    if tuple(found.classes) != dataset.classes:
        raise CheckpointError(
            f"the checkpoint is for {len(found.classes)} classes ({_few(found.classes)}), the data has "
            f"{len(dataset.classes)} ({_few(dataset.classes)}): start a new run with another --run"
        )
    if found.data.get("fingerprint") != dataset.fingerprint:
        raise CheckpointError(
            f"the data has changed since the run began ({found.data.get('name')} then, {dataset.name} now, and their "
            "contents differ): give the same data, or start a new run with another --run"
        )
    if found.data.get("side", dataset.side) != dataset.side:
        raise CheckpointError(
            f"the run was trained on pictures of {found.data['side']} pixels, and is given {dataset.side}: prepare "
            f"them with --side {found.data['side']}, or start a new run with another --run"
        )
    changed = differences(Recipe.from_plain(found.recipe).to_plain(), recipe.to_plain())
    refused = [line for line in changed if not line.startswith(MAY_CHANGE)]
    if refused:
        raise CheckpointError(
            f"the run was begun with other settings: {'; '.join(refused[:4])}: give the same ones, or another --run"
        )


def notices(found: Checkpoint, plan: Plan, state: State) -> Iterator[str]:
    """Yield a line for each setting that is now another, and one where the rate jumps because of it."""
    recipe = plan.recipe
    before = Recipe.from_plain(found.recipe)
    for line in differences(before.to_plain(), recipe.to_plain()):
        yield f"going on with another setting: {line}"
    rates = [
        (own.training.rates.weight * factor(own.training.schedule, state.progress(Plan(own, plan.images))))
        for own in (before.at(plan.epochs(state.step)), recipe.at(plan.epochs(state.step)))
    ]
    if not math.isclose(*rates):
        yield f"the rate at this step would have been {rates[0]:g} and is {rates[1]:g}"


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield a line for each setting that differs between two recipes written as plain values."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            below = f"{path}.{name}" if path else str(name)
            yield from differences(before.get(name), after.get(name), below)
    elif before != after:
        yield f"{path} was {before!r} and is {after!r}"


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
