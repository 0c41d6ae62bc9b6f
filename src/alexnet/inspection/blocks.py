"""An order of classes in which those that are taken for one another stand together, so that blocks show.

Shapes: K classes.
"""

import numpy as np


def blocks(counts: np.ndarray) -> np.ndarray:
    """Return an order of the classes by what they are confused with: the leaves of a tree that joins the nearest first.

    How near two groups are is the mean, over their pairs of classes, of how often the one is taken for the other, in
    proportion to how often both are taken for anything else. Where two groups are joined, those of their ends meet that
    are nearer. The same counts give the same order.

    Args:
        counts: a row a true class, a column the class that was named, 0 or more, (K, K).
    Returns:
        int64, (K,): the numbers of the classes; as they are where nothing is confused.
    Source: average linkage (Sokal and Michener 1958), by chains of nearest neighbours (Murtagh 1983), K x K steps.
    """
    mixed = counts + counts.T
    np.fill_diagonal(mixed, 0.0)
    degrees = mixed.sum(1)
    if len(counts) < 3 or not degrees.any():
        return np.arange(len(counts))
    scale = 1.0 / np.sqrt(np.maximum(degrees, 1e-12))
    near = scale[:, None] * mixed * scale[None, :]
    return np.array(_joined(near), dtype=np.int64)


def _joined(near: np.ndarray) -> list[int]:
    """Join the nearest groups until one is left, and return its classes in order.

    Args:
        near: of each pair of classes, symmetric, (K, K).
    """
    groups = {number: [number] for number in range(len(near))}
    between = near.copy()  # of each pair of groups; of one that is gone, and of a group with itself, -1
    np.fill_diagonal(between, -1.0)
    chain: list[int] = []
    while len(groups) > 1:
        chain = chain or [min(groups)]
        last = chain[-1]
        nearest = int(between[last].argmax())
        if len(chain) > 1 and between[last, chain[-2]] >= between[last, nearest]:
            first = chain[-2]  # each is the other's nearest
            del chain[-2:]
            sizes = len(groups[first]), len(groups[last])
            mean = (sizes[0] * between[first] + sizes[1] * between[last]) / sum(sizes)
            mean[between[first] < 0] = -1.0
            mean[[first, last]] = -1.0
            groups[first] = _meeting(groups[first], groups.pop(last), near)
            between[first], between[:, first] = mean, mean
            between[last], between[:, last] = -1.0, -1.0
        else:
            chain.append(nearest)
    (order,) = groups.values()
    return order


def _meeting(first: list[int], second: list[int], near: np.ndarray) -> list[int]:
    """Return two groups as one, the ends that are nearest to each other in the middle."""
    ends = [(one, other) for one in (first, first[::-1]) for other in (second, second[::-1])]
    one, other = max(ends, key=lambda pair: float(near[pair[0][-1], pair[1][0]]))
    return one + other
