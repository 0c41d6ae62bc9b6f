"""What a batch costs, fitted; and what follows."""

import time

import pytest

from alexnet.serving.cost import Cost, fitted, probe


def test_a_line_is_found_again() -> None:
    sizes = [1, 2, 4, 8, 16, 32]
    found = fitted(sizes, [0.003 * n + 0.02 for n in sizes])
    assert found.each == pytest.approx(0.003)
    assert found.fixed == pytest.approx(0.02)


def test_neither_number_is_negative() -> None:
    """Batches that cost more than in proportion: the line through the origin is the nearest that can be."""
    found = fitted([1, 2, 4], [0.001, 0.004, 0.016])
    assert found.fixed == 0.0
    assert found.each == pytest.approx((0.001 + 0.008 + 0.064) / 21)
    assert fitted([1, 2, 4], [0.02, 0.01, 0.005]).each > 0


def test_the_largest_batch_takes_the_time_it_may() -> None:
    cost = Cost(0.01, 0.1)
    assert cost.largest(0.5, 128) == 40
    assert cost.seconds(40) <= 0.5 < cost.seconds(41)
    assert cost.largest(0.01, 128) == 1  # one picture has to go through, whatever it takes
    assert cost.largest(100.0, 128) == 128


def test_a_probe_stops_once_a_batch_takes_long() -> None:
    sizes = []

    def compute(values: list[object]) -> list[object]:
        sizes.append(len(values))
        time.sleep(0.01 * len(values))
        return values

    found = probe(compute, None, most=128, seconds=0.03)
    assert max(sizes) == 4
    assert found.each >= 0.009
