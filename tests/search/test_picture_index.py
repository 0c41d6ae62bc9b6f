"""Pictures in, pictures out: built, asked, grown, and found again on this machine or not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluations import untrained
from PIL import Image

import alexnet
from alexnet import search
from alexnet.checkpoint import save
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.errors import DataError, SearchError
from alexnet.networks.small import Cifar18
from alexnet.search import PictureIndex, known
from alexnet.search.results import Answer, check_sheet, write_sheet


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "a.safetensors"
    save(untrained(Cifar18(classes=4, side=24), 1), path)
    return path


@pytest.fixture
def index(run: Path, shapes: Dataset, tmp_path: Path) -> PictureIndex:
    return search.build(run, shapes, tmp_path / "index", split="train")


def picture(dataset: Dataset, split: str, number: int) -> np.ndarray:
    found: np.ndarray = dataset.split(split).images(np.array([number]))[0].permute(1, 2, 0).numpy()
    return found


def test_each_picture_finds_itself_and_what_a_loop_finds(index: PictureIndex, shapes: Dataset) -> None:
    asked = [picture(shapes, "train", number) for number in (0, 5, 17)]
    for number, matches in zip((0, 5, 17), index.query(asked, 4), strict=True):
        assert matches[0].name == shapes.split("train").name_of(number)
        assert matches[0].duplicate
        assert matches[0].label == shapes.classes[int(shapes.split("train").labels[number])]
        assert matches[0].origin == (0, number)
    network = index.classifier
    images = shapes.split("train").images(np.arange(len(shapes.split("train")))).numpy()
    vectors = network.features(list(images)).flatten(1).numpy().astype(np.float16).astype(np.float64)
    query = picture(shapes, "validation", 3)
    wanted = network.features(query).flatten(1).numpy().astype(np.float16).astype(np.float64)
    distances = np.sqrt(((vectors - wanted) ** 2).sum(1))
    found = index.query(query, 9)[0]
    assert [match.distance for match in found] == pytest.approx(np.sort(distances)[:9], rel=2e-3)


def test_of_features_already_computed_it_is_the_same_index(
    run: Path, shapes: Dataset, tmp_path: Path
) -> None:
    alexnet.features(run, shapes, tmp_path / "f")
    one = search.build(run, tmp_path / "f", tmp_path / "one")
    two = search.build(run, shapes, tmp_path / "two")
    assert replace(one.card, run="") == replace(two.card, run="")
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert names == {path.name for path in (tmp_path / "two").iterdir()}  # files are called by their digests
    save(untrained(Cifar18(classes=4, side=24), 2), tmp_path / "b.safetensors")
    with pytest.raises(SearchError, match="another network"):
        search.build(tmp_path / "b.safetensors", tmp_path / "f", tmp_path / "one")


def test_adding_numbers_new_classes_after_the_old(index: PictureIndex, tmp_path: Path) -> None:
    more = prepare(Shapes(60, classes=6), tmp_path / "more", side=32)
    before = len(index)
    assert search.add(index, more, split="train") == len(more.split("train"))
    assert index.card.classes[:4] == Dataset.open(tmp_path / "more").classes[:4]
    assert set(index.card.classes) == set(more.classes)
    assert len(index) == before + len(more.split("train"))
    for number in range(0, len(more.split("train")), 7):
        match = index.query(picture(more, "train", number), 1)[0][0]
        assert match.label == more.classes[int(more.split("train").labels[number])]
    again = search.open(tmp_path / "index")
    assert again.card == index.card
    assert again.info()["pictures"] == len(index)


def test_pictures_without_classes_are_enough(run: Path, shapes: Dataset, tmp_path: Path) -> None:
    for number in range(12):
        folder = tmp_path / "flat" / ("" if number % 2 else "below")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(shapes, "train", number)).save(folder / f"{number}.png")
    found = search.build(run, tmp_path / "flat", tmp_path / "i")
    assert (len(found), found.card.classes) == (12, ())
    match = found.query(tmp_path / "flat" / "3.png", 1)[0][0]
    assert (match.name, match.label, match.duplicate) == ("3.png", "", True)
    within = search.build(run, tmp_path / "flat" / "below", tmp_path / "j", labelled=False)
    assert len(within) == 6
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataError):
        search.build(run, tmp_path / "nothing", tmp_path / "k")


def test_a_picture_saved_once_more_is_a_duplicate_and_another_is_not(
    index: PictureIndex, shapes: Dataset, tmp_path: Path
) -> None:
    Image.fromarray(picture(shapes, "train", 9)).save(tmp_path / "again.jpg", quality=95, subsampling=0)
    found = index.query(tmp_path / "again.jpg", 3)[0]
    assert [match.duplicate for match in found] == [True, False, False]
    assert found[0].origin == (0, 9)


def test_an_index_opens_no_path_that_it_names(
    index: PictureIndex, run: Path, shapes: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another machine, whose cache knows neither the network nor the pictures, though both paths exist."""
    query = picture(shapes, "validation", 0)
    assert len(search.query(tmp_path / "index", query, k=3)[0]) == 3  # here it is known
    monkeypatch.setenv("ALEXNET_HOME", str(tmp_path / "elsewhere"))
    assert index.card.run == str(run)
    with pytest.raises(SearchError, match="say --run RUN"):
        search.query(tmp_path / "index", query)
    with search.open(tmp_path / "index", run=run) as told:
        matches = told.query(query, 3)[0]
    assert len(matches) == 3
    save(untrained(Cifar18(classes=4, side=24), 2), tmp_path / "b.safetensors")
    with (
        search.open(tmp_path / "index", run=tmp_path / "b.safetensors") as wrong,
        pytest.raises(SearchError, match="another network"),
    ):
        wrong.query(query)
    assert known.recall("../../etc/passwd") is None


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("ending", ["html", "png", "svg"])
def test_a_sheet_shows_the_query_and_its_neighbours(
    index: PictureIndex, shapes: Dataset, tmp_path: Path, ending: str, explain: bool
) -> None:
    odd = tmp_path / "<b>q.png"
    Image.fromarray(picture(shapes, "train", 2)).save(odd)
    answer = Answer(str(odd), tuple(index.query(odd, 5)[0]))
    path = tmp_path / f"sheet.{ending}"
    assert write_sheet(index, [answer], path, explain=explain) == []
    content = path.read_bytes()
    if ending == "png":
        with Image.open(path) as image:
            assert image.width > 3 * image.height
        return
    text = content.decode()
    assert text.count("data:image/") == 6
    assert "duplicate" in text
    assert "<b>q" not in text
    assert write_sheet(index, [answer], path, explain=explain) == []
    assert path.read_bytes() == content


def test_a_sheet_without_the_pictures_says_so(
    index: PictureIndex, shapes: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(picture(shapes, "train", 2)).save(tmp_path / "q.png")
    answer = Answer(str(tmp_path / "q.png"), tuple(index.query(tmp_path / "q.png", 5)[0]))
    monkeypatch.setenv("ALEXNET_HOME", str(tmp_path / "elsewhere"))
    (said,) = write_sheet(index, [answer], tmp_path / "s.html")
    assert "say --data DATA" in said
    assert write_sheet(index, [answer], tmp_path / "s.html", data=shapes.directory) == []
    for wrong in ("s.gif", "nowhere/s.png"):
        with pytest.raises(alexnet.AlexNetError):
            check_sheet(tmp_path / wrong)
