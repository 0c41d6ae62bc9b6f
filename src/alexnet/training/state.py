"""Where a run stands, as a checkpoint has it: everything that is needed to go on bit for bit."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import torch

from alexnet.checkpoint import Checkpoint
from alexnet.data.dataset import Dataset
from alexnet.distributed.gradients import GradientSum
from alexnet.distributed.processes import ALONE, Processes
from alexnet.distributed.rows import Piece, pieces
from alexnet.journal import Row
from alexnet.networks.divided import Cut, divide
from alexnet.networks.network import Network
from alexnet.training.device import Outcome, compiled
from alexnet.training.diverging import check_finite
from alexnet.training.optimizer import Momentum
from alexnet.training.rated import check_stages
from alexnet.training.recipe import Recipe
from alexnet.training.schedule import Standing
from alexnet.training.settings import to_plain


@final
@dataclass(frozen=True)
class Plan:
    """How long a run is: counts that follow from the recipe and the number of training pictures."""

    recipe: Recipe
    images: int
    """Training pictures."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps of an epoch; the last batch may be smaller."""
        return math.ceil(self.images / self.recipe.training.batch_size)

    @property
    def total_steps(self) -> int:
        """Steps of the run, at least one; what rounding adds to 2.2 times 25 makes no step."""
        return max(1, math.ceil(round(self.recipe.training.epochs * self.steps_per_epoch, 6)))

    def epochs(self, step: int) -> float:
        """Return the epochs finished after so many steps."""
        return step / self.steps_per_epoch

    def ends_epoch(self, step: int) -> bool:
        """Whether an epoch, or the run, ends with this step."""
        return step % self.steps_per_epoch == 0 or step == self.total_steps


@final
@dataclass
class State:
    """Where a run stands."""

    network: Network
    """What this process has of it: all, or with columns and hybrid its part."""
    optimizer: Momentum
    processes: Processes = ALONE
    """Who train it together."""
    cut: Cut = field(default_factory=lambda: Cut(ALONE))
    """Which part of it is this process's."""
    gradients: GradientSum = field(default_factory=lambda: GradientSum(ALONE, ()))
    """What sums the gradients of all processes."""
    together: int = 1
    """Shares of a batch begin at multiples of it: what `Recipe.together` says."""
    compiles: bool = False
    """Compile the network, as `Training.compile` says."""
    step: int = 0
    """Steps finished."""
    loss: float = 0.0
    """Sum of the losses of the pictures of this epoch so far."""
    wrong: float = 0.0
    """How many pictures of this epoch so far had another class on top."""
    images: int = 0
    """How many pictures of this epoch have been seen."""
    unread: int = 0
    """How many pictures of this epoch so far could not be read."""
    validation_errors: list[float] = field(default_factory=list)
    """The top-1 error of each validation so far, a fraction."""
    history: list[Row] = field(default_factory=list)
    """The journal's rows so far."""

    @classmethod
    def begin(
        cls,
        dataset: Dataset,
        recipe: Recipe,
        processes: Processes = ALONE,
        device: torch.device = torch.device("cpu"),  # noqa: B008  # a value, and never changed
        *,
        start: Network | None = None,
    ) -> "State":
        """Return the state before the first step, on a device; of several processes each has its part.

        `start` is the network with its first weights; without, they are drawn.
        """
        whole = start if start is not None else Network(recipe.network, seed=recipe.training.seed)
        check_stages(recipe, whole)
        whole.set_mean(dataset.mean)
        network, cut = divide(whole, processes)
        network.to(device)
        if device.type == "cuda":
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch documents it
        shared = [value for name, value in network.named_parameters() if not cut.divides(name)]
        optimizer, gradients = Momentum(network, cut.norm), GradientSum(processes, shared)
        return cls(network, optimizer, processes, cut, gradients, recipe.together, recipe.training.compile)

    @cached_property
    def outcome(self) -> Outcome:
        """What computes the values that the network's costs take: `Network.outcome`, compiled or not."""
        return compiled(self.network.outcome) if self.compiles else self.network.outcome

    def pieces(self, total: int, recipe: Recipe) -> list[Piece]:
        """Return what this process does of a batch of `total` pictures."""
        return list(pieces(self.processes, total, recipe.training.accumulate, self.together))

    def reads(self, recipe: Recipe) -> Callable[[int], list[slice]]:
        """Return what gives the rows of a batch of so many pictures that this process reads."""
        return lambda total: [piece.reads for piece in self.pieces(total, recipe)]

    @property
    def whole(self) -> bool:
        """Whether this process has the whole network."""
        return not self.cut.stages

    def standing(self, plan: Plan, *, back: int = 0) -> Standing:
        """Return what schedules need to know, now or some steps back in this epoch."""
        step = self.step - back
        return Standing(plan.epochs(step), step / plan.total_steps, tuple(self.validation_errors))

    @property
    def bytes(self) -> int:
        """What a checkpoint of it takes, in bytes."""
        tensors = (*self.network.state_dict().values(), *self.optimizer.velocity.values())
        return sum(value.nbytes for value in tensors)

    def improved(self) -> bool:
        """Whether the last validation is the best so far; of equals, the first is."""
        errors = self.validation_errors
        return bool(errors) and errors[-1] < min(errors[:-1], default=math.inf)

    def take(self, found: Checkpoint) -> None:
        """Go to where a checkpoint stood."""
        self.network.load_weights(self.cut.own(found.weights), "the checkpoint")
        self.optimizer.load(self.cut.own(found.velocity))
        plain = found.state
        self.step, self.images = plain["step"], plain["images"]
        self.loss, self.wrong, self.unread = plain["loss"], plain["wrong"], plain.get("unread", 0)
        self.validation_errors = list(plain["validation_errors"])
        self.history = list(found.history)

    def snapshot(self, dataset: Dataset, recipe: Recipe, *, last: bool = False) -> Checkpoint:
        """Return a checkpoint whose tensors stay as they are while training goes on.

        Where the network is divided, all processes ask for it at the same step, and each gets all of it. Where
        training does not go on, `last`, nothing is copied: whoever sent the signal waits.

        Raises:
            DivergedError: a weight or a velocity is no longer a number; it shall not reach the disk.
        """
        check_finite({**self.network.state_dict(), **self.optimizer.velocity}, self.step)
        gathered = dict if last and self.whole else self.cut.whole
        return Checkpoint(
            architecture=recipe.network,
            weights=gathered(self.network.state_dict()),
            classes=dataset.classes,
            words=dataset.words,
            recipe=to_plain(recipe),
            history=tuple(self.history),
            data={"name": dataset.name, "side": dataset.side, "fingerprint": dataset.fingerprint},
            state={
                "step": self.step,
                "loss": self.loss,
                "wrong": self.wrong,
                "images": self.images,
                "unread": self.unread,
                "validation_errors": list(self.validation_errors),
            },
            velocity=gathered(self.optimizer.velocity),
        )
