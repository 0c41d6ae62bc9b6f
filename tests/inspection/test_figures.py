"""Kernels, maps, patches and predictions: what is drawn is what is there; and the command that draws it."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from torch import Tensor

from alexnet.canvas import COLOURS, Canvas, Picture, Rectangle, Text, grid
from alexnet.cli.look import command
from alexnet.data.dataset import Dataset
from alexnet.data.views import center_view
from alexnet.errors import RecipeError
from alexnet.inference.classifier import Classifier
from alexnet.inspection.kernels import filter_pictures, filters, kernels
from alexnet.inspection.maps import maps
from alexnet.inspection.patches import patches
from alexnet.inspection.predictions import answers
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.network import Network
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe
from alexnet.weights.loading import load


@pytest.fixture(scope="module")
def run(shapes: Dataset, brief: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("look") / "run"
    run_training(shapes, brief, path, display=ProgressDisplay(quiet=True))
    return path


@pytest.fixture(scope="module")
def classifier(run: Path) -> Classifier:
    return load(run)


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances, as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [0, 1])
def test_colours_can_be_read(dark: int) -> None:
    paper, ink = COLOURS["paper"][dark], COLOURS["ink"][dark]
    for name, pair in COLOURS.items():
        if name.startswith("pale"):
            assert contrast(pair[dark], ink) >= 4.5, name
        elif name not in ("paper", "rule"):
            assert contrast(pair[dark], paper) >= 4.5, name


def test_a_canvas_is_the_same_bytes_each_time_and_its_text_is_text() -> None:
    canvas = Canvas(100, 50, "a <title>", "what & how")
    pixels = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    canvas.add(Rectangle(1, 2, 30, 4, "blue"), Text(5, 20, "x < y"), Picture(40, 10, 30, 30, pixels))
    assert canvas.to_svg() == canvas.to_svg()
    assert canvas.to_png() == canvas.to_png()
    document = ElementTree.fromstring(canvas.to_svg())
    assert [each.text for each in document.iter("{http://www.w3.org/2000/svg}text")] == ["x < y"]
    assert document.findtext("{http://www.w3.org/2000/svg}title") == "a <title>"
    assert "http" not in canvas.to_svg().replace("http://www.w3.org/2000/svg", "")


def test_a_png_shows_the_same_pixels(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    canvas = Canvas(30, 20, "pixels")
    canvas.add(Picture(10, 8, 10, 8, pixels))
    canvas.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        drawn = np.asarray(image)
    assert (drawn[16:32:4, 20:40:4] == pixels).all()


def test_a_grid_has_each_picture_at_its_row_and_column() -> None:
    pictures = [np.full((2, 3, 3), value, np.uint8) for value in range(5)]
    found = grid(pictures, 2)
    assert found.shape == (8, 7, 3)
    assert [int(found[row, column, 0]) for row, column in ((0, 0), (0, 4), (3, 0), (3, 4), (6, 0))] == [
        0,
        1,
        2,
        3,
        4,
    ]
    assert (found[2] == 255).all()


def test_filters_are_scaled_alike_from_the_least_to_the_largest() -> None:
    """As the viewer of the 2012 program: one scale for all; with `normalized` each has its own."""
    weights = np.zeros((2, 3, 1, 1), np.float32)
    weights[:, 0, 0, 0], weights[1, 1, 0, 0] = (1.0, 0.5), -1.0
    assert [each[0, 0].tolist() for each in filter_pictures(weights)] == [[255, 128, 128], [191, 0, 128]]
    assert [each[0, 0].tolist() for each in filter_pictures(weights, normalized=True)] == [
        [255, 0, 0],
        [255, 0, 170],
    ]
    assert len(filter_pictures(weights, colour=False)) == 6


def test_the_kernels_of_two_columns_stand_one_below_the_other() -> None:
    """Figure 3: 48 of the one, sixteen in a row, and 48 of the other."""
    network = Network(AlexNet())
    parts = [shape for shape in kernels(network).shapes if isinstance(shape, Picture)]
    assert [part.pixels.shape for part in parts] == [(3 * 12 - 1, 16 * 12 - 1, 3)] * 2
    first = filter_pictures(filters(network))
    assert (parts[1].pixels[:11, :11] == first[48]).all()


def test_later_filters_are_drawn_channel_by_channel_and_others_refused(small: Network) -> None:
    assert filters(small, "conv2").shape == (32, 32, 5, 5)
    assert filters(small, "fc4").shape == (4, 64, 2, 2)
    assert "each channel in grey" in kernels(small, "conv2").description
    with pytest.raises(RecipeError, match="pool1 has no filters that could be drawn; conv1, conv2, conv3"):
        kernels(small, "pool1")
    with pytest.raises(RecipeError, match="fc4 gives 4 numbers and no maps; conv1"):
        maps(small, torch.zeros(3, 16, 16), "fc4")


def test_maps_are_the_activations(small: Network, images: Tensor) -> None:
    """The brightest pixel of the figure is where the largest activation is."""
    values = small.activations(images[:1], "conv1")["conv1"][0]
    (drawn,) = [shape for shape in maps(small, images[0], "conv1").shapes if isinstance(shape, Picture)][1:]
    channel, row, column = np.unravel_index(int(values.argmax()), values.shape)
    assert drawn.pixels[channel // 16 * 17 + row, channel % 16 * 17 + column, 0] == 255


def test_patches_are_those_that_a_loop_over_all_pictures_finds(
    classifier: Classifier, shapes: Dataset
) -> None:
    split, network = shapes.split("train"), classifier.network
    found = patches(network, split, "conv2", [3, 7], best=5)
    view = center_view(split.images(np.arange(len(split))), 12)[:, 0]
    with torch.no_grad():
        values = network.activations(view, "conv2")["conv2"].amax((2, 3))
    for unit, kept in found.items():
        expected = values[:, unit].topk(5).values
        torch.testing.assert_close(
            torch.tensor([patch.value for patch in kept]), expected, rtol=1e-4, atol=1e-5
        )
        assert len({patch.index for patch in kept}) == 5
    with pytest.raises(RecipeError, match="conv2 has units 0 to 31, not 32"):
        patches(network, split, "conv2", [32])


def test_answers_are_drawn_at_random_and_mistakes_are_mistakes(
    classifier: Classifier, shapes: Dataset
) -> None:
    some = answers(classifier, shapes, "validation", count=4)
    assert some == answers(classifier, shapes, "validation", count=4)
    assert some != answers(classifier, shapes, "validation", count=4, seed=1)
    wrong = answers(classifier, shapes, "validation", count=1000, mistakes=True)
    everything = answers(classifier, shapes, "validation", count=1000)
    assert {one.index for one in wrong} == {one.index for one in everything if one.classes[0] != one.label}


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["kernels"],
        ["kernels", "conv2", "--normalized"],
        ["predictions", "--mistakes"],
        ["maps", "conv2", "PICTURE"],
        ["maps", "fc4", "PICTURE"],
        ["gradient", "PICTURE", "--method", "grad-cam"],
        ["patches", "conv3", "--units", "0,5"],
        ["confusion"],
        ["calibration"],
        ["curves"],
    ],
)
@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_command_draws(run: Path, shapes: Dataset, tmp_path: Path, words: list[str], ending: str) -> None:
    picture = tmp_path / "picture.png"
    Image.fromarray(shapes.split("train").images(np.array([0]))[0].permute(1, 2, 0).numpy()).save(picture)
    given = [str(picture) if word == "PICTURE" else word for word in words]
    if words[0] in ("predictions", "patches", "confusion", "calibration"):
        given += ["--data", str(shapes.directory)]
    path = tmp_path / f"figure.{ending}"
    done = CliRunner().invoke(command, [str(run), *given, "-o", str(path)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(path)
    if ending == "svg":
        ElementTree.fromstring(path.read_text())
    else:
        with Image.open(path) as drawn:
            assert drawn.size[0] > 100
