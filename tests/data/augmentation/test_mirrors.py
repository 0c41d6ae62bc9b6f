"""Mirrors that alternate, against the law that they are to keep."""

import numpy as np
import pytest
import torch

from alexnet.data.augmentation.augment import Augmentation, augment
from alexnet.data.augmentation.mirrors import mirrored_in
from alexnet.data.augmentation.modern import ModernAugmentation


def test_half_are_mirrored_and_the_others_in_the_next_epoch() -> None:
    indices = np.arange(20_000)
    first, second, third = (mirrored_in(epoch, indices) for epoch in range(3))
    assert abs(first.mean() - 0.5) < 5 * 0.5 / len(indices) ** 0.5
    assert (first ^ second).all()
    assert (first == third).all()


@pytest.mark.parametrize(
    "settings",
    [
        Augmentation(side=8, crop=False, colour=0.0, alternating=True),
        ModernAugmentation(
            side=8,
            area=(1.0, 1.0),
            aspect=(1.0, 1.0),
            brightness=0,
            contrast=0,
            saturation=0,
            alternating=True,
        ),
    ],
    ids=["paper", "modern"],
)
def test_two_epochs_show_each_picture_both_ways(settings: Augmentation | ModernAugmentation) -> None:
    ramp = torch.arange(8, dtype=torch.uint8).expand(50, 3, 8, 8).contiguous()
    shown = [
        augment(ramp, settings, torch.zeros(3, 3), stream=epoch, indices=torch.arange(50), epoch=epoch)
        for epoch in (0, 1)
    ]
    rising = [pictures[:, 0, 0, 0] < pictures[:, 0, 0, -1] for pictures in shown]
    assert (rising[0] ^ rising[1]).all()
    assert 5 < int(rising[0].sum()) < 45


def test_without_mirrors_none_alternates() -> None:
    settings = Augmentation(side=8, crop=False, mirror=False, colour=0.0, alternating=True)
    ramp = torch.arange(8, dtype=torch.uint8).expand(50, 3, 8, 8).contiguous()
    for epoch in (0, 1):
        shown = augment(ramp, settings, torch.zeros(3, 3), 0, torch.arange(50), epoch=epoch)
        assert torch.equal(shown, ramp.float())
