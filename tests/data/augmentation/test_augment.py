"""Augmentation: exact where it is arithmetic, checked by its statistics where it is random."""

import numpy as np
import pytest
import torch

from alexnet import randomness
from alexnet.data.augmentation.augment import Augmentation, augment
from alexnet.data.augmentation.modern import ModernAugmentation
from alexnet.data.dataset import Dataset
from alexnet.errors import RecipeError
from alexnet.kernels import pixels

NO_COLOUR = torch.zeros(3, 3)


def coordinates(count: int, side: int) -> torch.Tensor:
    """Pictures whose pixels tell their own position: red the row, green the column, blue the picture."""
    images = torch.empty(count, 3, side, side, dtype=torch.uint8)
    images[:, 0] = torch.arange(side)[None, :, None]
    images[:, 1] = torch.arange(side)[None, None, :]
    images[:, 2] = torch.arange(count)[:, None, None] % 256
    return images


def test_crops_are_copied_as_a_loop_would() -> None:
    """Against the plain loop: cut at the offset read from the corner, mirrored where the columns fall."""
    images = coordinates(40, 20)
    found = augment(images, Augmentation(side=12, colour=0), NO_COLOUR, 5, torch.arange(40))
    for image, cut in zip(images, found, strict=True):
        mirrored = cut[1, 0, 0] > cut[1, 0, 1]
        y, x = int(cut[0, 0, 0]), int(cut[1, 0].min())
        expected = image[:, y : y + 12, x : x + 12].float()
        assert torch.equal(cut, expected.flip(-1) if mirrored else expected)


def test_offsets_are_uniform_and_mirrors_half() -> None:
    """Offsets run over 0 to 2b with both ends: 33 values for 224 of 256 in the released program; here 9."""
    count = 9000
    cut = augment(
        coordinates(1, 12).expand(count, -1, -1, -1),
        Augmentation(side=4, colour=0),
        NO_COLOUR,
        3,
        torch.arange(count),
    )
    rows, columns = cut[:, 0, 0, 0].long(), cut[:, 1, 0].amin(dim=1).long()
    for offsets in (rows, columns):
        counts = torch.bincount(offsets, minlength=9)
        assert len(counts) == 9
        assert (counts - 1000).abs().max() < 5 * (1000 * 8 / 9) ** 0.5
    assert abs(np.corrcoef(rows, columns)[0, 1]) < 0.05
    mirrored = (cut[:, 1, 0, 0] > cut[:, 1, 0, 1]).float().mean()
    assert abs(float(mirrored) - 0.5) < 5 * 0.5 / count**0.5


def test_colour_shift_has_the_covariance_of_the_components() -> None:
    components = torch.tensor([[2.0, -1.0, 0.5], [1.0, 3.0, 0.0], [20.0, 25.0, 30.0]])
    grey = torch.full((20000, 3, 1, 1), 128, dtype=torch.uint8)
    shifts = (
        augment(grey, Augmentation(side=1, colour=0.1), components, 9, torch.arange(20000))[:, :, 0, 0] - 128
    )
    expected = 0.01 * components.T @ components
    assert torch.allclose(torch.cov(shifts.T), expected, rtol=0.05, atol=0.01)
    assert shifts.mean(dim=0).abs().max() < 0.1


def test_the_shift_is_one_colour_for_the_whole_picture() -> None:
    grey = torch.full((4, 3, 6, 6), 100, dtype=torch.uint8)
    cut = augment(grey, Augmentation(side=5), torch.eye(3) * 50, 1, torch.arange(4))
    assert torch.equal(cut, cut[:, :, :1, :1].expand_as(cut))
    assert cut.std(dim=0).min() > 0


def test_a_picture_is_varied_alike_in_any_batch() -> None:
    images, settings, components = coordinates(10, 16), Augmentation(side=11), torch.eye(3)
    stream = randomness.key(7, "augmentation", 2)
    whole = augment(images, settings, components, stream, torch.arange(10))
    order = torch.tensor([9, 3, 4])
    assert torch.equal(augment(images[order], settings, components, stream, order), whole[order])


def test_other_epochs_vary_otherwise() -> None:
    images, settings = coordinates(10, 16), Augmentation(side=11)
    first, second = (
        augment(images, settings, torch.eye(3), randomness.key(7, "augmentation", epoch), torch.arange(10))
        for epoch in (1, 2)
    )
    assert not torch.equal(first, second)


def test_without_chance_it_is_the_centre() -> None:
    images = coordinates(3, 10)
    plain = Augmentation(side=6, crop=False, mirror=False, colour=0)
    assert torch.equal(augment(images, plain, NO_COLOUR, 0, torch.arange(3)), images[:, :, 2:8, 2:8].float())


def test_the_released_program_shares_crops_and_rescales() -> None:
    """32 pictures in a row share crop and mirror, and all is divided by 1 + c (claims D9 and D10)."""
    images = coordinates(1, 40).expand(96, -1, -1, -1)
    settings = Augmentation(side=24, colour=0.1, rescaled=True, crop_group=32)
    cut = augment(
        images, settings, NO_COLOUR, 2, torch.randperm(96, generator=torch.Generator().manual_seed(0))
    )
    for start in (0, 32, 64):
        assert torch.equal(cut[start : start + 32], cut[start].expand(32, -1, -1, -1))
    assert not torch.equal(cut[0], cut[32])
    assert torch.allclose(cut * 1.1, (cut * 1.1).round(), atol=1e-4)


@pytest.mark.parametrize("side", [24, 17, 5])
def test_compiled_or_not_the_numbers_have_the_same_bits(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    images = torch.randint(0, 256, (37, 3, 25, 25), dtype=torch.uint8)
    if not pixels.supports(images.numpy(), side):
        pytest.skip("the compiled functions were not built here")
    settings, components = Augmentation(side=side, rescaled=True), torch.rand(3, 3) * 50
    compiled = augment(images, settings, components, 3, torch.arange(37))
    monkeypatch.setattr(pixels, "_library", lambda: None)
    assert torch.equal(compiled, augment(images, settings, components, 3, torch.arange(37)))


@pytest.mark.parametrize("settings", [Augmentation(side=8), ModernAugmentation(side=8)])
def test_torchs_defaults_change_nothing(settings: Augmentation | ModernAugmentation, shapes: Dataset) -> None:
    """The compiled functions write float32, to the processor's memory, whatever new tensors are otherwise."""

    def varied() -> torch.Tensor:
        images, indices = shapes.split("train").images(np.arange(3)), np.arange(3)
        return augment(images, settings, shapes.colour_components, 1, torch.from_numpy(indices))

    expected, default = varied(), torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float64)
        with torch.device("meta"):
            found = varied()
    finally:
        torch.set_default_dtype(default)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_compiled_crops_are_those_of_a_loop() -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (40, 3, 45, 45), dtype=np.uint8)
    offsets, mirrored = random.integers(0, 6, (40, 2)).astype(np.int32), random.random(40) < 0.5
    if not pixels.supports(images, 40):
        pytest.skip("the compiled functions were not built here")
    for image, (y, x), turned, cut in zip(
        images, offsets, mirrored, pixels.crop(images, offsets, mirrored, 40), strict=True
    ):
        expected = image[:, y : y + 40, x : x + 40]
        assert np.array_equal(cut, expected[:, :, ::-1] if turned else expected)
    with pytest.raises(ValueError, match="do not lie within"):
        pixels.crop(images, offsets + 6, mirrored, 40)


@pytest.mark.gpu
def test_a_device_gives_what_the_processor_gives() -> None:
    images, settings = coordinates(16, 40), Augmentation(side=32, rescaled=True)
    arguments = (settings, torch.rand(3, 3) * 20, 3, torch.arange(16))
    assert torch.allclose(augment(images.cuda(), *arguments).cpu(), augment(images, *arguments), atol=1e-4)


@pytest.mark.parametrize("wrong", [{"side": 0}, {"colour": -1.0}, {"crop_group": 0}])
def test_impossible_settings_are_refused_at_birth(wrong: dict[str, int]) -> None:
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        Augmentation(**wrong)  # type: ignore[arg-type]  # the fields' types differ


def test_a_crop_larger_than_the_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 224"):
        augment(coordinates(1, 32), Augmentation(), NO_COLOUR, 0, torch.arange(1))
