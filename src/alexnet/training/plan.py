"""How long a run is, and what its recipe is at each step."""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

from alexnet.training.recipe import Recipe


@final
@dataclass(frozen=True)
class Plan:
    """Counts that follow from the recipe and the number of training pictures."""

    recipe: Recipe
    """As it is at the beginning."""
    images: int
    """Training pictures."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps of an epoch; the last batch may be smaller."""
        return math.ceil(self.images / self.recipe.training.batch_size)

    @property
    def total_steps(self) -> int:
        """Steps of the run, at least one but for 0 epochs; what rounding adds to 2.2 times 25 makes no step."""
        return (
            0
            if self.recipe.training.epochs == 0
            else max(1, math.ceil(round(self.recipe.training.epochs * self.steps_per_epoch, 6)))
        )

    def is_finished(self, step: int, validation_errors: Sequence[float]) -> bool:
        """Whether a run ends after so many steps: all are done, or no validation has been better for long enough."""
        patience = self.recipe.training.early_stopping
        best = min(validation_errors, default=math.inf)
        waited = len(validation_errors) - 1 - list(validation_errors).index(best) if validation_errors else 0
        return step >= self.total_steps or 0 < patience <= waited

    def epochs(self, step: int) -> float:
        """Return the epochs finished after so many steps."""
        return step / self.steps_per_epoch

    def ends_epoch(self, step: int) -> bool:
        """Whether an epoch, or the run, ends with this step."""
        return step % self.steps_per_epoch == 0 or step == self.total_steps

    def recipe_at(self, step: int) -> Recipe:
        """Return the recipe as it is after so many steps: the changes up to then applied."""
        epochs, recipes = self._changed
        return recipes[bisect.bisect_right(epochs, self.epochs(step))]

    @cached_property
    def _changed(self) -> tuple[list[float], list[Recipe]]:
        """The epochs of the recipe's changes, and the recipe before the first and after each of them: made once,
        not at every step."""
        epochs = sorted({change.epoch for change in self.recipe.changes})
        return epochs, [self.recipe.at(-math.inf), *(self.recipe.at(epoch) for epoch in epochs)]
