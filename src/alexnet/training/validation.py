"""The end of an epoch: a validation, and the journal's row."""

import math
from typing import Any

from alexnet.data.dataset import Dataset
from alexnet.data.split import Split
from alexnet.distributed.group import ALONE, ProcessGroup
from alexnet.errors import DivergedError
from alexnet.evaluation.metrics import Tally
from alexnet.evaluation.predict import Member, probabilities
from alexnet.networks.network import Network
from alexnet.runs.journal import Row
from alexnet.training.plan import Plan
from alexnet.training.schedule import factor
from alexnet.training.signals import SignalGuard
from alexnet.training.state import EpochCounts, State
from alexnet.training.unreadable import check_share


def validate(
    network: Network, split: Split, views: int, signals: SignalGuard, group: ProcessGroup = ALONE
) -> Tally:
    """Evaluate a network on every picture of a split once.

    A signal ends it early, and the tally does not count; a picture that cannot be read is left out.
    """
    tally = Tally(network.architecture.classes)
    members = [Member(network, split)]
    for batch in probabilities(members, views=views, group=group, skip_unreadable=True):
        tally.add(batch.probabilities, batch.labels)
        signals.synchronise(signals.save)
        if signals.code is not None:
            break
    return tally.over(group)


def validated(
    state: State, dataset: Dataset, plan: Plan, signals: SignalGuard, group: ProcessGroup
) -> Tally | None:
    """Evaluate a run's network on the validation pictures; None where there are none.

    Raises:
        DataError: too many of them cannot be read.
    """
    if "validation" not in dataset.splits:
        return None
    split, views = dataset.split("validation"), plan.recipe.training.validation_views
    tally = validate(state.network, split, views, signals, group)
    if signals.code is None:
        check_share(len(split) - tally.count, len(split), "validation")
    return tally


def end_epoch(state: State, plan: Plan, tally: Tally | None, dataset: Dataset, timing: Row) -> Row:
    """Add the epoch's row to the history, begin to count anew, and return the row.

    Raises:
        DivergedError: the loss on the validation pictures is no number.
    """
    training, epoch = plan.recipe_at(max(state.step - 1, 0)).training, state.epoch
    row: dict[str, Any] = {
        "epoch": round(plan.epochs(state.step), 6),
        "step": state.step,
        "rate": training.scaling
        * training.rates.weight
        * factor(training.schedule, state.progress(plan, back=min(1, state.step))),
        "training_loss": epoch.loss / epoch.images,
        "training_top1_error": epoch.wrong / epoch.images,
    }
    if epoch.unreadable:
        row["training_unreadable"] = epoch.unreadable
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
        if unreadable := len(dataset.split("validation")) - tally.count:
            row["validation_unreadable"] = unreadable
    row |= timing
    state.history.append(row)
    state.epoch = EpochCounts()
    return row
