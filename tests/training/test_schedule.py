"""Schedules against the formulas of the paper and of the 2012 program."""

import math

import pytest

from alexnet.errors import RecipeError
from alexnet.training.schedule import Schedule, TrainingProgress, factor, plateaus


def at(progress: float, epoch: float = 0.0) -> TrainingProgress:
    return TrainingProgress(epoch, progress)


def test_the_rate_drops_when_the_error_stops_improving_and_three_times_at_most() -> None:
    """Section 5: divided by 10 when the validation error stops improving, three times."""
    schedule = Schedule(patience=2, drops=3)
    errors = (0.5, 0.4, 0.4, 0.41, 0.39, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4)
    counts = [plateaus(schedule, errors[:n]) for n in range(len(errors) + 1)]
    assert counts == [0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 3]
    assert factor(schedule, TrainingProgress(9.0, 0.5, errors)) == pytest.approx(1e-3)


def test_steps_divide_at_their_epochs() -> None:
    schedule = Schedule(kind="steps", epochs=(25, 51, 79))
    found = [factor(schedule, at(0.0, epoch)) for epoch in (0.0, 24.99, 25.0, 50.0, 51.0, 79.0, 90.0)]
    assert found == pytest.approx([1, 1, 0.1, 0.1, 0.01, 1e-3, 1e-3])


def test_exp_and_linear_end_at_the_target() -> None:
    """b F^-p, and b (1 - p) + p b / F."""
    assert factor(Schedule(kind="exp", target_factor=100.0), at(0.5)) == pytest.approx(0.1)
    assert factor(Schedule(kind="linear", target_factor=4.0), at(0.5)) == pytest.approx(0.625)
    for kind in ("exp", "linear"):
        schedule = Schedule(kind=kind, target_factor=50.0)
        assert factor(schedule, at(0.0)) == 1.0
        assert factor(schedule, at(1.0)) == pytest.approx(1 / 50)


def test_dexp_has_the_four_rates_of_the_specification() -> None:
    """b=.01, F=250, N=4: .01, .0015874, .00025198, .00004, a quarter of the run each, borders to the left."""
    schedule = Schedule(kind="dexp", target_factor=250.0, count=4)
    found = [0.01 * factor(schedule, at(p)) for p in (0.0, 0.25, 0.26, 0.5, 0.51, 0.75, 0.76, 1.0)]
    assert found == pytest.approx(
        [0.01, 0.01, 0.0015874, 0.0015874, 0.00025198, 0.00025198, 0.00004, 0.00004], rel=1e-4
    )


def test_jdexp_returns_to_between_two_rates_past_the_middle_of_a_stair() -> None:
    schedule = Schedule(kind="jdexp", target_factor=250.0, count=4)
    stair = Schedule(kind="dexp", target_factor=250.0, count=4)
    for p in (0.1, 0.3, 0.6, 0.95):
        assert factor(schedule, at(p)) == factor(stair, at(p))
    middle = math.sqrt(factor(stair, at(0.4)) * factor(stair, at(0.2)))
    assert factor(schedule, at(0.4)) == pytest.approx(middle)
    assert factor(schedule, at(0.88)) == pytest.approx(
        math.sqrt(factor(stair, at(0.88)) * factor(stair, at(0.7)))
    )


def test_warm_up_rises_in_a_straight_line() -> None:
    schedule = Schedule(kind="constant", warmup=4.0)
    assert [factor(schedule, at(0.0, epoch)) for epoch in (1.0, 2.0, 4.0)] == [0.25, 0.5, 1.0]


def test_what_makes_no_schedule_is_refused() -> None:
    with pytest.raises(RecipeError, match="did you mean `plateau`"):
        Schedule(kind="plateu")
    with pytest.raises(RecipeError, match="rise"):
        Schedule(kind="steps", epochs=(3, 2))


def test_polynomial_falls_to_nothing() -> None:
    schedule = Schedule(kind="polynomial", power=2.0)
    assert [factor(schedule, at(p)) for p in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.25, 0.0])


@pytest.mark.parametrize("wrong", [{"noise": -1.0}, {"warmup": -3.0}, {"power": -1.0}, {"warmup": math.inf}])
def test_numbers_that_would_turn_a_rate_round_are_refused(wrong: dict[str, float]) -> None:
    """Noise below 0 makes rates below 0 now and then, which unlearn."""
    with pytest.raises(RecipeError, match=f"{next(iter(wrong))}=.* makes no schedule"):
        Schedule(kind="polynomial", **wrong)  # type: ignore[arg-type]  # mypy does not see names
