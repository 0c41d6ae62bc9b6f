"""Test views: five positions and their mirrors."""

import pytest
import torch

from alexnet.data.views import center_view, ten_views


def test_ten_views_are_corners_centre_and_mirrors_in_the_programs_order() -> None:
    side = 256
    images = torch.zeros(1, 3, side, side)
    images[0, 0], images[0, 1] = torch.arange(side)[:, None], torch.arange(side)[None, :]
    views = ten_views(images)[0]
    corners = [(int(view[0, 0, 0]), int(view[1, 0].min())) for view in views]
    offsets = [(0, 0), (0, 32), (16, 16), (32, 0), (32, 32)]
    assert corners == offsets + offsets
    assert torch.equal(views[5:], views[:5].flip(-1))


def test_mirror_twice_is_identity() -> None:
    images = torch.randint(0, 256, (2, 3, 12, 12), dtype=torch.uint8)
    views = ten_views(images, 8)
    assert torch.equal(ten_views(images.flip(-1), 8)[:, 7], views[:, 2])
    assert views.dtype == torch.uint8


def test_the_centre_view_is_the_third_of_ten() -> None:
    images = torch.randint(0, 256, (2, 3, 13, 13), dtype=torch.uint8)
    assert torch.equal(center_view(images, 8)[:, 0], ten_views(images, 8)[:, 2])


def test_views_larger_than_the_picture_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 224"):
        center_view(torch.zeros(1, 3, 32, 32))
