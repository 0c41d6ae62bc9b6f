"""What results say: by the rule of the claim, against intervals that are computed otherwise."""

import math
from dataclasses import replace

import numpy as np
import pytest
from toy_claim import TOY

from alexnet.claims.claim import EVERY, Claim, Contrast, Measured
from alexnet.claims.journal import Record
from alexnet.claims.verdict import AGREES, DISAGREES, INDIRECT, NOT_RUN, UNDECIDED, outcome


def records(claim: Claim, arm: str, figures: list[float], scores: np.ndarray | None = None) -> list[Record]:
    """Return records of an arm, a seed each."""
    count = 0 if scores is None else len(scores)
    return [
        Record(
            claim.name,
            arm,
            seed,
            claim.arm(arm).key,
            Measured(figure, count, scores),
            1.0,
            "2026-11-24",
            "a machine",
            "1",
            "digits",
            "alexnet claims run toy",
        )
        for seed, figure in enumerate(figures)
    ]


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        ([0.30, 0.31, 0.32], [0.20, 0.21, 0.22], AGREES),
        ([0.20, 0.21, 0.22], [0.30, 0.31, 0.32], DISAGREES),
        ([0.20, 0.30, 0.25], [0.25, 0.25, 0.26], UNDECIDED),
        ([], [0.25], NOT_RUN),
        ([0.30, 0.31], [0.20, 0.21], AGREES),  # no interval: two seeds, and nothing known of the pictures
    ],
)
def test_the_verdict_is_where_the_interval_lies(part: list[float], whole: list[float], expected: str) -> None:
    found = outcome(TOY, [*records(TOY, "part", part), *records(TOY, "whole", whole)])
    assert found.verdict == expected
    if expected == AGREES:
        indirect = replace(TOY, indirect="the digits are small")
        assert outcome(indirect, found.records).verdict == INDIRECT


def test_over_seeds_the_interval_is_students() -> None:
    """Differences of 8, 10 and 12 points: 10 +- 4.303 * 2 / sqrt(3), by a table of the t distribution."""
    given = [*records(TOY, "part", [0.28, 0.30, 0.32]), *records(TOY, "whole", [0.2, 0.2, 0.2])]
    (finding,) = outcome(TOY, given).findings
    assert finding.interval is not None
    assert finding.value == pytest.approx(0.10)
    assert finding.interval == pytest.approx((0.10 - 0.02 * 4.303 / 3**0.5, 0.10 + 0.02 * 4.303 / 3**0.5))
    assert not finding.by_pictures


@pytest.mark.parametrize("effect", [0.0, 0.1])
def test_the_interval_by_pictures_holds_the_truth_as_often_as_it_says(effect: float) -> None:
    """300 draws of 400 pictures whose answers are paired: 95%, give or take 4 standard errors of 1.3%."""
    drawn, held = np.random.default_rng(3), 0
    for _ in range(300):
        hard = drawn.random(400) < 0.3
        whole = hard.astype(np.uint8)
        part = np.where(hard, drawn.random(400) < 0.8, drawn.random(400) < 0.2 * 0.3 / 0.7 + effect / 0.7)
        part = part.astype(np.uint8)
        given = [
            *records(TOY, "part", [float(part.mean())], part),
            *records(TOY, "whole", [float(whole.mean())], whole),
        ]
        (finding,) = outcome(TOY, given).findings
        assert finding.interval is not None
        assert finding.by_pictures
        truth = 0.3 * 0.8 + 0.7 * (0.2 * 0.3 / 0.7 + effect / 0.7) - 0.3
        held += finding.interval[0] <= truth <= finding.interval[1]
    assert 0.90 <= held / 300 <= 1.0


def test_a_ratio_is_the_geometric_mean_of_its_seeds() -> None:
    contrast = Contrast("ratio", {"part": 1.0, "whole": 1.0}, agrees=(2.0, EVERY), ratio=True)
    claim = replace(TOY, contrasts=(contrast,))
    given = [*records(TOY, "part", [8.0, 18.0]), *records(TOY, "whole", [2.0, 2.0])]
    (finding,) = outcome(claim, given).findings
    assert finding.value == pytest.approx(6.0)
    assert finding.interval is None
    never = [*records(TOY, "part", [math.inf]), *records(TOY, "whole", [2.0])]
    assert outcome(claim, never).verdict == AGREES  # what was never reached took longer than anything


def test_results_of_an_experiment_that_has_changed_do_not_count() -> None:
    old = [replace(record, key="older") for record in records(TOY, "part", [0.3])]
    assert outcome(TOY, [*old, *records(TOY, "whole", [0.2])]).verdict == NOT_RUN
