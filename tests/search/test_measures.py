"""What is said of an index when it is built, beside sums done by hand."""

from pathlib import Path

import numpy as np
import pytest

from alexnet.search import codes, exact
from alexnet.search.measures import average_precision, measure
from search.pictures import card, rows


def test_average_precision_is_that_of_the_textbook() -> None:
    """Manning, Raghavan and Schütze, section 8.4: precision at each relevant one, averaged over all relevant."""
    assert average_precision(np.array([True, False, True]), 2) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([False, False]), 3) == 0.0
    assert average_precision(np.array([True, True]), 4) == pytest.approx(0.5)


def test_an_index_that_compares_everything_is_not_measured(tmp_path: Path) -> None:
    assert measure(exact.build(tmp_path / "index", card("exact"), rows(100), {})) is None


def test_codes_that_compare_every_vector_miss_nothing(tmp_path: Path) -> None:
    options = {"encoder": "random", "bits": "8"}
    whole = codes.build(tmp_path / "whole", card("codes"), rows(300), {**options, "rerank": "300"})
    found = measure(whole)
    assert found is not None
    assert (found.recall, found.mean_average_precision) == (1.0, 1.0)
    assert found.size == whole.info()["bytes"]
    few = measure(codes.build(tmp_path / "few", card("codes"), rows(300), {**options, "rerank": "0"}))
    assert few is not None
    assert few.recall < 0.5
    assert "recall@10 0." in str(few)
