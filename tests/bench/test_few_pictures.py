"""The tasks of benchmarks/few_pictures.py: drawn as they say, and the same again; and its ResNet learns."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from alexnet.data.imagenet_classes import imagenet_classes

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def module(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    made = importlib.util.module_from_spec(specification)
    sys.modules[name] = made  # where its dataclass looks for its own names
    specification.loader.exec_module(made)
    return made


tasks = module("few_picture_tasks")
baselines = module("few_picture_baselines")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_task_is_drawn_by_its_seed_and_tests_on_other_pictures(tmp_path: Path) -> None:
    made = [
        tasks.build("digits-200", tmp_path / str(number), tmp_path, seed=seed, choice=0)
        for number, seed in enumerate((0, 0, 1))
    ]
    first, again, other = (contents(task.folder) for task in made)
    assert first == again
    assert first != other
    assert (made[0].training, made[0].testing, len(made[0].classes)) == (200, 359, 10)
    train = {name.split("/", 1)[1] for name in first if name.startswith("train/")}
    assert [sum(name.startswith(f"{digit}/") for name in train) for digit in "0123456789"] == [20] * 10
    training, testing = (
        {value for name, value in first.items() if name.startswith(split)} for split in ("train/", "test/")
    )
    assert len(training & testing) <= 2  # a digit may be written twice alike
    assert all(value[:3] == b"\xff\xd8\xff" for value in first.values())


def test_a_task_that_there_is_not_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="`tiny` is no task such as tiny-10x20"):
        tasks.build("tiny", tmp_path, tmp_path, seed=0, choice=0)


def test_the_coarse_classes_are_those_of_the_challenge() -> None:
    """Of its 1,000 classes 118 are breeds of dogs and 59 birds, as is well known; and every vehicle is what it says."""
    found = {int(one.name[1:]): one.words for one in imagenet_classes("sorted")}
    counted = {
        name: sum(tasks.coarse_class(synset) == name for synset in found) for name in ("dogs", "birds")
    }
    assert counted == {"dogs": 118, "birds": 59}
    assert all(found[synset].startswith(words) for synset, words in tasks._VEHICLES.items())


@pytest.mark.slow
def test_a_choice_of_classes_is_the_same_for_every_seed(shared_data: Path, tmp_path: Path) -> None:
    made = {
        (seed, choice): tasks.build(
            "tiny-10x20", tmp_path / f"{seed}-{choice}", shared_data, seed=seed, choice=choice
        )
        for seed, choice in ((0, 0), (1, 0), (0, 1))
    }
    assert made[0, 0].classes == made[1, 0].classes != made[0, 1].classes
    assert all((task.training, task.testing) == (200, 500) for task in made.values())
    coarse = tasks.build("imagenet-5", tmp_path / "coarse", shared_data, seed=0, choice=0)
    assert coarse.classes == ("birds", "dogs", "other animals", "things", "vehicles")
    assert coarse.training + coarse.testing == 200


@pytest.mark.slow
def test_the_resnet_has_nine_convolutions_and_learns() -> None:
    network = baselines.small_resnet(10)
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in network.modules()) == 9
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 48)
    pixels = generator.integers(0, 60, (48, 64, 64, 3)).astype(np.uint8)
    pixels[labels == 1, :, :, 0] += 120  # the red ones
    steps = iter(range(10_000))
    found, said = baselines.resnet(
        (pixels[:32], labels[:32]), pixels[32:], 0, seconds=20.0, clock=lambda: next(steps)
    )
    assert (found == labels[32:]).all()
    assert "steps" in said


def test_crops_are_squares_of_the_picture_and_half_are_mirrored() -> None:
    """Of a ramp from left to right: its slope tells the crop's size and whether it is mirrored."""
    ramp = torch.linspace(-1, 1, 64).expand(2000, 1, 64, 64)
    cut = baselines._crops(ramp, torch.Generator().manual_seed(0))
    slope = (cut[:, 0, 32, 40] - cut[:, 0, 32, 24]) / (ramp[0, 0, 0, 40] - ramp[0, 0, 0, 24])
    assert 0.6 <= float(slope.abs().min()) < 0.62
    assert 0.98 < float(slope.abs().max()) <= 1.001
    assert abs(float((slope < 0).float().mean()) - 0.5) < 0.05
