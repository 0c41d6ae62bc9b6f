"""The newer augmentation: exact in its corner cases, measured where it is random."""

import numpy as np
import pytest
import torch

from alexnet.data.augmentation.augment import augment
from alexnet.data.augmentation.mixing import Mixing, mix, mixing_key, smoothed
from alexnet.data.augmentation.modern import ModernAugmentation, augment_modern
from alexnet.errors import RecipeError

PLAIN = ModernAugmentation(
    side=16, area=(1, 1), aspect=(1, 1), mirror=False, brightness=0, contrast=0, saturation=0, erasing=0
)


def pictures(count: int, side: int = 16) -> torch.Tensor:
    return torch.randint(
        0, 256, (count, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )


def crop_mirror_shift(images: torch.Tensor, **changes: object) -> torch.Tensor:
    settings = ModernAugmentation(**{**PLAIN.__dict__, **changes})
    return augment_modern(images, settings, 7, torch.arange(len(images)))


def test_without_chance_the_picture_is_itself() -> None:
    assert torch.allclose(crop_mirror_shift(pictures(5)), pictures(5).float(), atol=1e-3)


def test_no_pictures_are_varied_to_none() -> None:
    assert crop_mirror_shift(pictures(0)).shape == (0, 3, 16, 16)


def test_half_the_pictures_are_mirrored_and_exactly() -> None:
    images = pictures(1).expand(2000, -1, -1, -1)
    varied = crop_mirror_shift(images, mirror=True)
    kept = (varied - images.float()).abs().amax(dim=(1, 2, 3)) < 1e-2
    turned = (varied - images.float().flip(-1)).abs().amax(dim=(1, 2, 3)) < 1e-2
    assert (kept ^ turned).all()
    assert abs(float(turned.float().mean()) - 0.5) < 5 * 0.5 / 2000**0.5


def test_parts_have_the_area_and_shape_asked_for() -> None:
    """On a ramp, the range of what is seen is the width of the part: its square root of area, at aspect 1."""
    ramp = torch.arange(64).repeat(64, 1).expand(1000, 3, 64, 64).to(torch.uint8)
    settings = {"area": (0.25, 0.25), "aspect": (1.0, 1.0)}
    seen = crop_mirror_shift(ramp, **settings)
    width = (seen[:, 0, 0, -1] - seen[:, 0, 0, 0]) * 16 / 15
    assert torch.allclose(width, torch.full_like(width, 32.0), atol=1.0)
    centres = seen[:, 0, 0].mean(dim=1)
    assert centres.min() < 18
    assert centres.max() > 45
    assert abs(float(centres.mean()) - 31.5) < 1


def test_brightness_multiplies_and_grey_keeps_its_colour() -> None:
    grey = torch.full((500, 3, 16, 16), 100, dtype=torch.uint8)
    factors = crop_mirror_shift(grey, brightness=0.4)[:, 0, 0, 0] / 100
    assert 0.6 <= factors.min() < 0.65
    assert 1.35 < factors.max() <= 1.4001
    assert torch.allclose(crop_mirror_shift(grey, saturation=1.0, contrast=1.0), grey.float(), atol=1e-2)


def test_erasing_takes_one_patch_out_of_as_many_as_asked() -> None:
    images = torch.zeros(2000, 3, 16, 16, dtype=torch.uint8)
    part = (crop_mirror_shift(images, erasing=0.3) == 127.5).float().mean(dim=(1, 2, 3))
    assert abs(float((part > 0).float().mean()) - 0.3) < 0.06
    assert part.max() < 0.45


def test_a_picture_is_varied_alike_in_any_batch_and_augment_takes_either_kind() -> None:
    settings, images = ModernAugmentation(side=12, erasing=0.5), pictures(10)
    whole = augment(images, settings, torch.zeros(3, 3), 3, torch.arange(10))
    order = torch.tensor([7, 2])
    assert torch.allclose(
        augment(images[order], settings, torch.zeros(3, 3), 3, order), whole[order], atol=1e-3
    )
    assert whole.min() >= 0
    assert whole.max() <= 255


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_targets_tell_what_is_seen(kind: str) -> None:
    """On pictures that are their label, the mean pixel is the mean of the targets."""
    labels = torch.arange(10)
    images = labels.float()[:, None, None, None].expand(-1, 3, 20, 20)
    for step in range(20):
        mixed, targets = mix(images, labels, 10, Mixing(**{kind: 1.0}), mixing_key(1, step))
        assert torch.allclose(targets.sum(dim=1), torch.ones(10))
        assert torch.allclose(mixed.mean(dim=(1, 2, 3)), targets @ labels.float(), atol=1e-4)


def test_shares_of_mixup_are_uniform_at_alpha_one_and_both_kinds_take_turns() -> None:
    labels, images = torch.tensor([0, 1]), torch.zeros(2, 3, 8, 8)
    shares = [
        float(mix(images, labels, 2, Mixing(mixup=1.0), mixing_key(0, s))[1][0, 0]) for s in range(2000)
    ]
    assert np.histogram(shares, bins=4, range=(0, 1))[0].min() > 400
    images[1] = 1
    kinds = [
        len(mix(images, labels, 2, Mixing(mixup=1, cutmix=1), mixing_key(0, s))[0][0].unique())
        for s in range(200)
    ]
    blended = sum(kind == 1 for kind in kinds)
    assert 60 < blended < 140


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_shares_of_a_batch_that_begin_at_even_rows_are_mixed_as_the_whole(kind: str) -> None:
    images, labels = torch.rand(7, 3, 20, 20), torch.arange(7)
    settings, stream = Mixing(**{kind: 1.0}), mixing_key(2, 9)
    whole, targets = mix(images, labels, 7, settings, stream)
    for part in (slice(0, 4), slice(4, 6), slice(6, 7)):
        mixed, shares = mix(images[part], labels[part], 7, settings, stream)
        assert torch.equal(mixed, whole[part])
        assert torch.equal(shares, targets[part])
    assert torch.equal(whole[6], images[6])  # it has no neighbour


def test_a_picture_that_could_not_be_read_is_mixed_with_none() -> None:
    images, labels = torch.rand(6, 3, 8, 8), torch.arange(6)
    mixed, targets = mix(images, labels, 6, Mixing(mixup=1.0), mixing_key(0, 3), exclude={2})
    kept = [torch.equal(mixed[row], images[row]) for row in range(6)]
    assert kept == [False, False, True, True, False, False]
    assert targets[3].argmax() == 3
    assert targets[3].max() == 1


def test_without_mixing_targets_are_the_labels() -> None:
    images, labels = torch.rand(3, 3, 4, 4), torch.tensor([2, 0, 1])
    mixed, targets = mix(images, labels, 3, Mixing(), 0)
    assert torch.equal(mixed, images)
    assert targets.argmax(1).tolist() == [2, 0, 1]


def test_impossible_settings_are_refused_at_birth() -> None:
    for wrong in (
        {"side": 0},
        {"area": (0.0, 1.0)},
        {"area": (0.5, 0.2)},
        {"area": (0.5,)},
        {"aspect": (2.0, 1.0)},
        {"aspect": (1.0, 1.0, 2.0)},
        {"erasing": 2.0},
    ):
        with pytest.raises(RecipeError, match=next(iter(wrong))):
            ModernAugmentation(**wrong)
    with pytest.raises(RecipeError, match="mixup"):
        Mixing(mixup=-1)


@pytest.mark.parametrize("part", [0.1, 0.5])
def test_smoothed_labels_cost_what_pytorchs_do(part: float) -> None:
    generator = torch.Generator().manual_seed(2)
    logits, labels = torch.randn(9, 5, generator=generator), torch.randint(0, 5, (9,), generator=generator)
    ours = torch.nn.functional.cross_entropy(logits, smoothed(labels, 5, part))
    theirs = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=part)
    torch.testing.assert_close(ours, theirs)
    shares = torch.softmax(logits, 1)
    torch.testing.assert_close(smoothed(shares, 5, part).sum(1), torch.ones(9))
