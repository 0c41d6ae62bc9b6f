"""How long a run is, and what its recipe is at each step."""

import pytest

from alexnet.recipes import recipe
from alexnet.settings import paths as setting_paths
from alexnet.training.plan import Plan


def test_a_recipe_that_changes_is_read_once_and_not_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """91 epochs of two steps: afterwards nothing is read, and each step has the settings of its epoch."""
    steered = recipe("as-trained")
    plan = Plan(steered, 2 * steered.training.batch_size)
    expected = [plan.recipe.at(plan.epochs(step)) for step in range(plan.total_steps)]
    assert plan.recipe_at(0) == expected[0]

    def refuse(*arguments: object) -> None:
        raise AssertionError("a step read its recipe anew")

    monkeypatch.setattr(setting_paths, "from_plain", refuse)
    assert [plan.recipe_at(step) for step in range(plan.total_steps)] == expected
    assert expected[0] != expected[-1]
