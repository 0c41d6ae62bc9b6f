"""A report says what the evaluation and the run's files say, of any run, and of nothing that is no run."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import alexnet
from alexnet import checkpoint
from alexnet.cli.report import command
from alexnet.data.dataset import Dataset
from alexnet.data.imagenet_classes import imagenet_classes
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.source import Example
from alexnet.errors import AlexNetError, CheckpointError, DataError, RunError
from alexnet.networks.small import Cifar18
from alexnet.runs.checkpoints import BEST
from alexnet.runs.directory import ENVIRONMENT
from alexnet.runs.origin import ORIGIN
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe


class Coloured:
    """Pictures of one colour a class, with as many classes and names as asked for; no pictures set aside."""

    name = "coloured"
    words: dict[str, str] = {}  # noqa: RUF012  # a value that no test changes  # as `Source` has it
    notes: dict[str, object] = {}  # noqa: RUF012  # a value that no test changes
    splits = ("train",)

    def __init__(self, classes: tuple[str, ...], each: int, side: int) -> None:
        self.classes, self._each, self._side = classes, each, side

    def count(self, split: str) -> int:
        return len(self.classes) * self._each

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        for index in range(self.count(split))[start:stop]:
            generator = np.random.default_rng(index)
            pixels = generator.integers(0, 256, (self._side, self._side, 3), dtype=np.uint8)
            yield Example(f"{index}", pixels, self.classes[index % len(self.classes)])

    def fingerprint(self) -> str:
        return f"coloured {self.classes} {self._each} {self._side}"


def trained(
    classes: tuple[str, ...], brief: Recipe, folder: Path, *, each: int = 8, epochs: float = 1.0
) -> Path:
    """A run on pictures of these classes, all of them for training."""
    data = prepare(Coloured(classes, each, 16), folder / "data", side=16)
    network = Cifar18(classes=len(classes), side=12, deviation=0.003)
    recipe = replace(brief, network=network, training=replace(brief.training, epochs=epochs))
    run_training(data, recipe, folder / "run", display=ProgressDisplay(quiet=True))
    return folder / "run"


def copy(run: Path, folder: Path) -> Path:
    return Path(shutil.copytree(run, folder / run.name))


def test_a_report_says_what_the_evaluation_says(run: Path, shapes: Dataset, tmp_path: Path) -> None:
    """Without a split and without data: those that the run was trained on, the validation split."""
    path = alexnet.report(copy(run, tmp_path), views=1)
    assert path == tmp_path / "first" / "report.html"
    page, found = path.read_text(), alexnet.evaluate(run, shapes, views=1)
    for value in (found.top1_error, found.macro_f1, found.calibration_error, found.top1_interval[0]):
        assert f"{value:.2%}" in page
    for heading in (
        "Errors",
        "Learning curves",
        "Classes",
        "Confusion",
        "Worst mistakes",
        "Least certain hits",
    ):
        assert f">{heading}</h2>" in page
    for heading in ("Calibration", "First layer", "Data", "Recipe", "Environment", "Commands"):
        assert f">{heading}</h2>" in page
    assert "shapes, validation: 32 pictures, the centre seen." in page
    assert page.count("<figure>") == 6  # three curves, confusion, calibration, filters
    assert page.count("<summary>The numbers</summary>") == 6
    assert shapes.fingerprint in page
    assert f"alexnet report {tmp_path / 'first'} --views 1" in page
    assert f"{found.calibrated_error:.2%} with temperature {found.temperature:.2f}" in page
    assert "<script" not in page
    assert page.count('<img src="data:image/png') > 8


def test_what_the_paper_reports_stands_beside_what_is_measured_on_its_pictures(
    brief: Recipe, tmp_path: Path
) -> None:
    names = tuple(one.name for one in imagenet_classes())
    run = trained(names, brief, tmp_path, each=1, epochs=0.1)
    page = alexnet.report(run, split="train", views=5).read_text()
    assert "table 2: ILSVRC-2012" in page
    assert re.search(r"<td>1 CNN</td><td class=number>40\.7%</td><td class=number>18\.2%</td>", page)
    assert "5 views averaged" in page


def test_the_same_run_gives_the_same_bytes_wherever_they_are_written(run: Path, tmp_path: Path) -> None:
    for ending in ("html", "md"):
        first, second = (tmp_path / f"{name}.{ending}" for name in "ab")
        alexnet.report(run, output=first)
        alexnet.report(run, output=second)
        assert first.read_bytes() == second.read_bytes()


def test_two_runs_stand_beside_each_other_with_their_paired_test(
    run: Path, another: Path, shapes: Dataset, tmp_path: Path
) -> None:
    page = alexnet.report([run, another], output=tmp_path / "two.html", views=1).read_text()
    expected = alexnet.compare([run, another], shapes, views=1)
    assert f"{expected.difference:+.2%}" in page
    assert f"p = {expected.p_value:.3g}" in page
    assert f"{expected.only_first:,} pictures first alone has right" in page
    assert page.count("<h3>first</h3>") == page.count("<h3>second</h3>") >= 7
    differing = page[page.index(">Recipe</h2>") : page.index("Every setting")]
    assert re.findall(r"<td>(training\.\w+)</td>", differing) == ["training.epochs", "training.seed"]


def test_markdown_says_the_same_in_tables(run: Path, another: Path, shapes: Dataset, tmp_path: Path) -> None:
    text = alexnet.report(run, output=tmp_path / "report.md", views=1).read_text()
    found = alexnet.evaluate(run, shapes, views=1)
    assert f"| top-1 error | {found.top1_error:.2%} |" in text
    for each in found.per_class:
        assert f"| {each.name} | {each.count} | {each.top1_error:.2%} |" in text
    assert "<svg" not in text
    assert len(text) < 30_000
    beside = alexnet.report([run, another], output=tmp_path / "two.md", views=1).read_text()
    assert beside.count("### first") == beside.count("### second") >= 7


def test_a_run_without_pictures_set_aside_is_evaluated_on_its_training_pictures_and_says_so(
    brief: Recipe, tmp_path: Path
) -> None:
    run = trained(("a", "b", "c"), brief, tmp_path)
    page = alexnet.report(run, data=shutil.copytree(tmp_path / "data", tmp_path / "again")).read_text()
    split = "validation" if "validation" in Dataset.open(tmp_path / "data").splits else "train"
    assert f"coloured, {split}:" in page
    page = alexnet.report(run, split="train").read_text()
    assert "Evaluated on pictures that it was trained on" in page
    assert "top-5" not in page  # of three classes nothing can be missed


def test_a_collapsed_run_is_said_to_be_one(run: Path, tmp_path: Path) -> None:
    """A last layer that answers the same for every picture."""
    collapsed = copy(run, tmp_path)
    found = checkpoint.load(collapsed / BEST)
    weights = {name: value.clone() for name, value in found.weights.items()}
    weights["fc4.weight"].zero_()
    weights["fc4.bias"].copy_(torch.tensor([5.0, 0.0, 0.0, 0.0]))
    checkpoint.save(replace(found, weights=weights), collapsed / BEST)
    page = alexnet.report(collapsed, views=1).read_text()
    assert re.search(r"<p class=notice>It answers .* has learned nothing", page)
    assert ">Worst mistakes</h2>" in page


def test_hostile_names_of_classes_are_text(brief: Recipe, tmp_path: Path) -> None:
    evil = ("<script>alert(1)</script>", '"><img src=x onerror=y>', "a|b`c`\x1b[2J", "x" * 3000)
    run = trained(evil, brief, tmp_path)
    page = alexnet.report(run, split="train", views=1).read_text()
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    text = alexnet.report(run, split="train", views=1, format="md").read_text()
    assert "<script" not in text
    assert r"a\|b\`c\`\\x1b\[2J" in text


def test_a_thousand_classes_are_a_picture_and_a_small_file(brief: Recipe, tmp_path: Path) -> None:
    """Of a pair a byte: under 6 MB whatever the network says; the worst and the best classes, and all under a fold."""
    run = trained(tuple(f"class {k:04d}" for k in range(1000)), brief, tmp_path, each=2, epochs=0.1)
    page = alexnet.report(run, split="train", views=1).read_text()
    assert len(page) < 6_000_000
    assert "Confusion of 1,000 classes" in page
    assert "image-rendering:pixelated" in page
    assert "The 20 classes with the most errors:" in page
    assert "<summary>All 1,000 classes</summary>" in page
    assert page.count("<td>class 0") > 1000


def test_without_its_pictures_a_report_is_of_the_run_alone_and_says_so(
    run: Path, brief: Recipe, tmp_path: Path
) -> None:
    told: list[str] = []
    gone = trained(("a", "b"), brief, tmp_path)
    shutil.rmtree(tmp_path / "data")
    page = alexnet.report(gone, say=told.append).read_text()
    assert "nothing is evaluated" in page
    assert ">Learning curves</h2>" in page
    assert ">Confusion</h2>" not in page
    assert len(told) == 1
    old = copy(run, tmp_path / "old")
    (old / ORIGIN).unlink()
    assert "so that nothing is evaluated" in alexnet.report(old).read_text()
    with pytest.raises(RunError, match=r"--split test needs pictures.*say --data DATA"):
        alexnet.report(old, split="test")


def test_a_run_that_failed_says_why_first(run: Path, tmp_path: Path) -> None:
    failed = copy(run, tmp_path)
    (failed / "failure.txt").write_text("the disk was full\n")
    assert (
        "<p class=notice>This run failed: the disk was full</p>"
        in alexnet.report(failed, views=1).read_text()
    )


def untouched(path: Path) -> bool:
    """Whether a folder holds no report, and nothing half-written."""
    return not [name for name in os.listdir(path) if name.startswith("report") or name.endswith(".tmp")]


@pytest.mark.parametrize("name", ["recipe.json", ENVIRONMENT, ORIGIN, "journal.jsonl", BEST])
def test_damaged_files_of_a_run_are_said_in_a_line_and_nothing_is_written(
    run: Path, tmp_path: Path, name: str
) -> None:
    damaged = copy(run, tmp_path)
    (damaged / name).write_text("} not { json\n")
    with pytest.raises(AlexNetError, match=name) as said:
        alexnet.report(damaged)
    assert len(str(said.value).splitlines()) == 1
    assert untouched(damaged)


def test_a_split_that_is_not_there_and_a_picture_that_cannot_be_read(
    shapes: Dataset, brief: Recipe, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(shapes.directory, tmp_path / "data"))
    run = tmp_path / "run"
    run_training(Dataset.open(data), brief, run, display=ProgressDisplay(quiet=True))
    with pytest.raises(DataError, match="`test` is not a split of shapes"):
        alexnet.report(run, split="test")
    shard = next(data.glob("validation-*.images.npy"))
    shard.write_bytes(shard.read_bytes()[:-5])
    with pytest.raises(DataError, match=r"validation-00000\.images\.npy"):
        alexnet.report(run)
    assert untouched(run)


def test_what_cannot_be_written_is_said_before_anything_is_evaluated(run: Path, tmp_path: Path) -> None:
    told: list[int] = []
    (tmp_path / "folder.html").mkdir()
    for output in (tmp_path / "no" / "a.html", tmp_path / "folder.html", run / BEST / "a.html"):
        with pytest.raises(AlexNetError, match=r"cannot be written .*say -o FILE"):
            alexnet.report(run, output=output, progress=lambda done, total: told.append(done))
    assert told == []
    assert os.listdir(tmp_path) == ["folder.html"]


def test_what_is_no_run_and_runs_of_other_classes_are_refused(
    run: Path, brief: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="is no run"):
        alexnet.report(tmp_path)
    with pytest.raises(ValueError, match="not of 3"):
        alexnet.report([run, run, run])
    other = trained(("a", "b"), brief, tmp_path)
    with pytest.raises(RunError, match="are for different classes"):
        alexnet.report([run, other])
    empty = copy(run, tmp_path)
    (empty / BEST).unlink()
    shutil.rmtree(empty / "checkpoints")
    with pytest.raises(CheckpointError, match="holds no trained network"):
        alexnet.report(empty)


def test_the_command_writes_the_page_and_prints_where(run: Path, another: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    done = CliRunner().invoke(command, [str(run), str(another), "--views", "1", "-o", str(page)])
    assert (done.exit_code, done.stdout.strip()) == (0, str(page))
    assert page.read_text().startswith("# Report of first and second")
    done = CliRunner().invoke(command, [str(run), "--split", "nope"])
    assert isinstance(done.exception, DataError)
    done = CliRunner().invoke(command, [str(run), "--format", "pdf"])
    assert done.exit_code == 2


def test_numbers_that_no_run_has_written_do_no_harm(run: Path, tmp_path: Path) -> None:
    odd = copy(run, tmp_path)
    row = {"epoch": 1, "rate": "x", "seconds": "y", "training_loss": None, "validation_top1_error": True}
    (odd / "journal.jsonl").write_text(
        "".join(json.dumps(row | {"epoch": n + 1}) + "\n" for n in range(2000))
    )
    page = alexnet.report(odd, views=1).read_text()
    assert page.count("<tr>") < 1500  # of two thousand epochs every eighth
