"""Mean and colour components against the plain definitions."""

import numpy as np

from alexnet.data.preparation.statistics import Sums


def pictures(count: int = 40) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, size=(count, 3, 6, 6), dtype=np.uint8)


def summed(images: np.ndarray) -> Sums:
    sums = Sums.zero(6)
    sums.add(images)
    return sums


def test_mean_is_the_mean_at_each_place() -> None:
    assert np.allclose(summed(pictures()).mean(), pictures().astype(np.float64).mean(axis=0), atol=1e-4)


def test_components_are_scaled_eigenvectors_of_the_covariance() -> None:
    """The rows are orthogonal, and the sum of their outer products is the covariance that NumPy computes."""
    images = pictures()
    images[:, 1] = images[:, 0] // 2 + images[:, 1] // 2
    components = summed(images).colour_components().astype(np.float64)
    covariance = np.cov(images.transpose(1, 0, 2, 3).reshape(3, -1).astype(np.float64), bias=True)
    assert np.allclose(components.T @ components, covariance, rtol=1e-4)
    products = components @ components.T
    assert np.allclose(products - np.diag(np.diag(products)), 0, atol=1e-2)
    assert (np.diff(np.diag(products)) > 0).all()


def test_any_division_of_the_work_gives_the_same_numbers() -> None:
    whole, parts = summed(pictures()), Sums.zero(6)
    for part in np.split(pictures(), [3, 17]):
        parts.merge(summed(part))
    assert np.array_equal(whole.mean(), parts.mean())
    assert np.array_equal(whole.colour_components(), parts.colour_components())


def test_grey_pictures_have_one_component_and_no_minus_zero() -> None:
    grey = np.repeat(pictures()[:, :1], 3, axis=1)
    components = summed(grey).colour_components()
    assert np.allclose(components[:2], 0, atol=1e-4)
    assert np.allclose(components[2], components[2, 0])
