"""The state of a run, as a checkpoint has it: everything that is needed to go on bit for bit."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from alexnet.checkpoint import Checkpoint
from alexnet.data.dataset import Dataset
from alexnet.errors import CheckpointError
from alexnet.networks.network import Network
from alexnet.training.diverging import check_finite
from alexnet.training.optimizer import MomentumSGD
from alexnet.training.plan import Plan
from alexnet.training.recipe import Recipe
from alexnet.training.replica import Replica
from alexnet.training.schedule import TrainingProgress


@final
@dataclass
class EpochCounts:
    """Sums over the pictures of an epoch so far, of all processes."""

    loss: float = 0.0
    """Sum of the losses."""
    wrong: float = 0.0
    """How many had another class on top."""
    images: int = 0
    """How many have been seen."""
    unreadable: int = 0
    """How many could not be read."""


@final
@dataclass
class State:
    """What changes while a run goes on."""

    network: Network
    """Whose weights are trained: this process's part of them."""
    optimizer: MomentumSGD
    """The update rule, and the velocities."""
    step: int = 0
    """Steps finished."""
    epoch: EpochCounts = field(default_factory=EpochCounts)
    """Of the epoch that runs."""
    validation_errors: list[float] = field(default_factory=list)
    """The top-1 error of each validation so far, a fraction."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """The journal's rows so far."""

    @classmethod
    def begin(cls, replica: Replica, counts: EpochCounts | None = None) -> "State":
        """Return the state before the first step; `counts` are of pictures that a layer has been fitted to."""
        optimizer = MomentumSGD(replica.network, replica.partition.norm)
        return cls(replica.network, optimizer, epoch=counts or EpochCounts())

    def progress(self, plan: Plan, *, back: int = 0) -> TrainingProgress:
        """Return what schedules need to know, now or some steps back in this epoch."""
        step = self.step - back
        return TrainingProgress(
            plan.epochs(step), step / max(plan.total_steps, 1), tuple(self.validation_errors)
        )

    @property
    def bytes(self) -> int:
        """What a checkpoint of it takes, in bytes."""
        tensors = (*self.network.state_dict().values(), *self.optimizer.velocity.values())
        return sum(value.nbytes for value in tensors)

    def has_improved(self) -> bool:
        """Whether the last validation is the best so far; of equals, the first is."""
        errors = self.validation_errors
        return bool(errors) and errors[-1] < min(errors[:-1], default=math.inf)

    def restore(self, found: Checkpoint, replica: Replica) -> None:
        """Go to where a checkpoint was written.

        Raises:
            CheckpointError: its weights, its velocities or its counts are not those of such a run.
        """
        own, counts = replica.partition.own, _counts(found.state)
        errors = [_count("validation_errors", error) for error in found.state["validation_errors"]]
        self.network.load_weights(own(found.weights), "the checkpoint")
        self.optimizer.load(own(found.velocity))
        self.step = int(counts["step"])
        self.epoch = EpochCounts(
            counts["loss"], counts["wrong"], int(counts["images"]), int(counts["unreadable"])
        )
        self.validation_errors = errors
        self.history = [dict(row) for row in found.history]

    def snapshot(
        self, replica: Replica, dataset: Dataset, recipe: Recipe, *, last: bool = False
    ) -> Checkpoint:
        """Return a checkpoint whose tensors stay as they are while training goes on.

        Where the network is divided, all processes ask for it at the same step, and each gets all of it. Where
        training does not go on, `last`, nothing is copied: whoever sent the signal waits.

        Raises:
            DivergedError: a weight or a velocity is no longer a number; it shall not reach the disk.
        """
        check_finite({**self.network.state_dict(), **self.optimizer.velocity}, self.step)
        gathered = dict if last and replica.is_whole else replica.partition.whole
        return Checkpoint(
            architecture=recipe.network,
            weights=gathered(self.network.state_dict()),
            classes=dataset.classes,
            words=dataset.words,
            recipe=recipe.to_plain(),
            history=tuple(self.history),
            data={"name": dataset.name, "side": dataset.side, "fingerprint": dataset.fingerprint},
            state={
                "step": self.step,
                "loss": self.epoch.loss,
                "wrong": self.epoch.wrong,
                "images": self.epoch.images,
                "unreadable": self.epoch.unreadable,
                "validation_errors": list(self.validation_errors),
            },
            velocity=gathered(self.optimizer.velocity),
        )


def _counts(plain: Mapping[str, Any]) -> dict[str, float]:
    """Return the counts of a checkpoint's state, each of which has to be there and a number."""
    plain = {"unreadable": 0, **plain}
    if not isinstance(plain.get("validation_errors"), list):
        raise CheckpointError("the checkpoint's state has no list of validation_errors: take an earlier one")
    return {name: _count(name, plain.get(name)) for name in ("step", "loss", "wrong", "images", "unreadable")}


def _count(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise CheckpointError(
            f"the checkpoint's state says {name}={str(value)[:80]!r}, and a number of 0 or more is expected: take an "
            "earlier one"
        )
    return value
