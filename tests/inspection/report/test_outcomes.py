"""What is worth a look is what a loop over all pictures finds."""

import numpy as np
import torch

from alexnet.evaluation.predict import PredictedBatch
from alexnet.inspection.report.outcomes import Outcomes


def made(count: int, classes: int, seed: int) -> tuple[Outcomes, np.ndarray, np.ndarray]:
    """Outcomes of random probabilities, some of them equal, added in parts and out of order."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(0, 6, (count, classes), generator=generator).float()
    probabilities, labels = torch.softmax(scores, 1), torch.randint(0, classes, (count,), generator=generator)
    outcomes, order = Outcomes(count), torch.randperm(count, generator=generator)
    for rows in order.split(7):
        outcomes.add(PredictedBatch(probabilities[rows], labels[rows], rows, probabilities[None, rows]))
    return outcomes, probabilities.numpy(), labels.numpy()


def test_mistakes_and_hits_are_those_of_a_loop() -> None:
    for seed in range(20):
        outcomes, probabilities, labels = made(60, 5, seed)
        wrong, right = list[tuple[float, int]](), list[tuple[float, int]]()
        for row in range(60):
            best = int(probabilities[row].argmax())
            (right if best == labels[row] else wrong).append((float(probabilities[row].max()), row))
        assert outcomes.seen == 60
        assert (
            outcomes.worst_mistakes(9)
            == [row for _, row in sorted(wrong, key=lambda one: (-one[0], one[1]))][:9]
        )
        assert outcomes.least_certain_hits(9) == [row for _, row in sorted(right)][:9]
        assert int(outcomes.right.sum()) == len(right)


def test_a_pair_is_shown_by_its_surest_picture() -> None:
    outcomes, probabilities, labels = made(200, 3, 1)
    best = probabilities.argmax(1)
    rows = [row for row in range(200) if labels[row] == 0 and best[row] == 2]
    found = outcomes.surest(0, 2)
    assert found in rows
    assert probabilities[found].max() == max(probabilities[row].max() for row in rows)


def test_where_all_is_right_there_are_no_mistakes() -> None:
    outcomes = Outcomes(3)
    outcomes.add(PredictedBatch(torch.eye(3), torch.arange(3), torch.arange(3), torch.eye(3)[None]))
    assert outcomes.worst_mistakes(5) == []
    assert outcomes.least_certain_hits(5) == [0, 1, 2]
