"""One story through the commands: pictures in folders, prepared, learned, evaluated, asked; and what goes wrong."""

import contextlib
import io
import json
import shlex
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alexnet.__main__ import main
from alexnet.data.sources.shapes import Shapes

FAST = [
    "--network", "figure-1", "--set", "network.side=16", "--set", "augmentation.side=16",
    "--set", "augmentation.crop=true", "--set", "training.batch_size=16",
    "--set", "training.rates.weight=0.001", "--set", "training.schedule.kind=constant",
]  # fmt: skip


def alexnet(*arguments: object, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command as `python -m alexnet` does, in this process, and check its exit code and its manners."""
    out, err = io.StringIO(), io.StringIO()
    words = ["alexnet", *map(str, arguments)]
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(SystemExit) as left,
    ):
        run_main(words, patch)
    done = subprocess.CompletedProcess(words, int(left.value.code or 0), out.getvalue(), err.getvalue())
    assert done.returncode == code, f"{done.returncode}: {done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def run_main(words: list[str], patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sys, "argv", words)
    patch.setattr(warnings, "formatwarning", warnings.formatwarning)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        main()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def refused(*arguments: object, cwd: Path, code: int, says: str) -> None:
    """Run a command that must be refused in one line, with nothing on standard output."""
    done = alexnet(*arguments, cwd=cwd, code=code)
    assert done.stdout == ""
    last = done.stderr.strip().splitlines()[-1]
    assert says in last, last
    assert last.startswith("alexnet: ")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures/train and pictures/val: red and green discs."""
    folder = tmp_path_factory.mktemp("story")
    source = Shapes(240, classes=6)
    for split, name in (("train", "train"), ("validation", "val")):
        for example in source.examples(split):
            if example.label in ("red disc", "green disc"):
                directory = folder / "pictures" / name / example.label
                directory.mkdir(parents=True, exist_ok=True)
                Image.fromarray(np.asarray(example.content)).save(directory / f"{example.name}.png")
    return folder


def test_the_story_of_a_classifier(story: Path) -> None:
    """prepare, train, evaluate, predict: each command's output is what the next one's user needs."""
    alexnet("prepare", "pictures", "packed", "--side", 32, cwd=story)
    shown = alexnet("train", "packed", "--run", "runs/a", "--epochs", 2, *FAST, "--dry-run", cwd=story)
    assert "training.batch_size = 16" in shown.stdout + shown.stderr
    assert not (story / "runs").exists()

    trained = alexnet("train", "packed", "--run", "runs/a", "--epochs", 2, *FAST, cwd=story)
    assert "training.batch_size = 16" in trained.stderr
    assert "18 pixels (scaled when read, from 32), of which the network sees 16" in trained.stderr
    assert "\r" not in trained.stderr
    rows = [json.loads(line) for line in (story / "runs/a/journal.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1.0, 2.0]

    alexnet("train", "packed", "--run", "runs/a", "--epochs", 30, "--resume", cwd=story)
    judged = alexnet("evaluate", "runs/a", "--data", "packed", "--json", cwd=story)
    report = json.loads(judged.stdout)
    assert report["top1_error"] < 0.4
    assert report["top1_interval"][0] <= report["top1_error"] <= report["top1_interval"][1]
    assert report["count"] == sum(entry["count"] for entry in report["per_class"])
    assert (
        "top-1" in alexnet("evaluate", "runs/a", "runs/a", "--data", "packed", "--views", 1, cwd=story).stdout
    )
    two = ["evaluate", "runs/a", "runs/a", "--data", "packed", "--views", 5, "--average", "search:train"]
    average = alexnet(*two, "--predictions", "said.jsonl", cwd=story).stdout
    assert "5 views averaged, 2 networks averaged" in average
    assert "weights (search:train): 0.5, 0.5" in average
    from_file = alexnet("evaluate", "said.jsonl", "--data", "packed", cwd=story).stdout
    assert "from a file" in from_file
    assert [line for line in average.splitlines() if "│" in line] == [
        line for line in from_file.splitlines() if "│" in line
    ]

    picture = next((story / "pictures" / "val").rglob("*.png"))
    answer = json.loads(alexnet("predict", "runs/a", picture, "--top", 2, cwd=story).stdout)
    assert answer["picture"] == str(picture)
    assert [set(entry) for entry in answer["classes"]] == [{"class", "words", "probability"}] * 2
    assert sum(entry["probability"] for entry in answer["classes"]) == pytest.approx(1.0)

    alexnet("convert", "runs/a", "91.1200", cwd=story)  # the format of 2012, and back
    alexnet("convert", "91.1200", "back.safetensors", cwd=story)
    converted = alexnet("evaluate", "runs/a", "back.safetensors", "--data", "packed", "--json", cwd=story)
    assert json.loads(converted.stdout)["loss"] == pytest.approx(report["loss"], rel=1e-3)
    again = json.loads(alexnet("predict", "back.safetensors", picture, "--top", 2, cwd=story).stdout)
    for entry, before in zip(again["classes"], answer["classes"], strict=True):
        assert entry["class"] == before["class"]
        assert entry["probability"] == pytest.approx(before["probability"], abs=1e-4)


def test_the_command_is_installed_and_ends_with_its_code(story: Path) -> None:
    """The one time that a process of its own is made: exit code and streams as a shell sees them."""
    done = subprocess.run(
        [sys.executable, "-m", "alexnet", "train", "nowhere"],
        cwd=story,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("alexnet: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_source_is_prepared_once_when_it_is_trained_on(story: Path) -> None:
    """DATA may be folders; the second command finds them prepared."""
    done = alexnet("train", "pictures", "--run", "runs/a b", "--epochs", 1, *FAST, cwd=story)
    *_, last = done.stderr.splitlines()
    assert last == "next: alexnet evaluate 'runs/a b' --data pictures"
    alexnet(*shlex.split(last)[2:], cwd=story)


def test_what_a_user_can_mend_is_one_line(story: Path) -> None:
    """The value, what was expected, what to do; and the exit code of the issue's table."""
    (story / "empty.png").write_bytes(b"")
    (story / "text.png").write_text("not a picture")
    for arguments, code, says in (
        (["train", "digits", "--recipe", "papper"], 2, "did you mean `paper`"),
        (["train", "digits", "--network", "alexnat"], 2, "did you mean `alexnet`"),
        (["train", "digits", "--set", "training.batchsize=3"], 2, "did you mean `batch_size`"),
        (["train", "digits", "--set", "training.batch_size=many"], 2, "int expected"),
        (["train", "digits", "--set", "training.batch_size"], 2, "write --set"),
        (["train", "nowhere"], 3, "nowhere"),
        (["train", "digits", "--recipe", "paper"], 3, "takes 224"),
        (["train", "digits", "--resume"], 2, "--run"),
        (["evaluate", "nowhere", "--data", "digits"], 1, "nowhere"),
        (["predict", "nowhere", "text.png"], 1, "nowhere"),
        (["trian"], 2, "did you mean `train`"),
        (["train", "digits", "--epochs", "inf"], 2, "a finite number"),
        (["check", "digits", "--html", "nowhere/page.html"], 1, "no folder"),
        (["predict", "text.png", "text.png"], 1, "alexnet convert"),
    ):
        refused(*arguments, cwd=story, code=code, says=says)
    assert not (story / "runs" / "digits").exists()


def test_what_does_not_fit_a_run_is_one_line(story: Path) -> None:
    if not (story / "runs/b").exists():
        alexnet("train", "pictures", "--run", "runs/b", "--epochs", 1, *FAST, "--quiet", cwd=story)
    run = ["train", "pictures", "--run", "runs/b", *FAST]
    refused(*run, cwd=story, code=2, says="--resume")
    refused(*run, "--resume", "--seed", 7, cwd=story, code=1, says="training.seed")
    refused("evaluate", "runs/b", "--data", "digits", cwd=story, code=3, says="was not trained on")
    evaluate = ["evaluate", "runs/b", "--data", "pictures"]
    (story / "p.csv").write_text("picture,class1\nwhiskers.png,red disc\n")
    (story / "other").mkdir(exist_ok=True)
    shutil.copytree(story / "pictures" / "train", story / "other" / "train", dirs_exist_ok=True)
    before = {path.name for path in story.iterdir()}
    for more, code, says in (
        (["--split", "test"], 3, "`test` is not a split of pictures"),
        (["--average", "search:validation"], 2, "reported on the same pictures"),
        (["--average", "search:test"], 3, "`test` is not a split"),
        (["--average", "half"], 2, "'half' is no weights"),
        (["--views", "7"], 2, "Choices: 1, 5, 10, dense"),
        (["--views", "dense"], 2, "pictures of 18 pixels have room for one view of 16"),
        (["--predictions", "p.xls"], 1, "p.xls names no format of predictions"),
        (["--predictions", "nowhere/p.csv"], 1, "no folder that we may write in"),
        (["--compare", "runs/b", "--average", "1,1"], 2, "leave out --average"),
        (["p.csv"], 2, "p.csv is a file of predictions, and is evaluated by itself"),
    ):
        refused(*evaluate, *more, cwd=story, code=code, says=says)
    refused(
        "evaluate", "p.csv", "--data", "pictures", cwd=story, code=3, says="'whiskers.png' is no picture of"
    )
    refused("evaluate", "p.csv", "--data", "digits", cwd=story, code=3, says="is no class of the data")
    refused("evaluate", "q.csv", "--data", "digits", cwd=story, code=3, says="No such file")
    assert {path.name for path in story.iterdir()} == before
    for name in ("text.png", "missing.png"):
        done = alexnet("predict", "runs/b", name, cwd=story, code=3)
        assert set(json.loads(done.stdout)) == {"picture", "error"}
        assert f"1 of 1 could not be read: {name}: " in done.stderr


def test_one_bad_picture_does_not_cost_the_answers_to_the_others(story: Path) -> None:
    if not (story / "runs/b").exists():
        alexnet("train", "pictures", "--run", "runs/b", "--epochs", 1, *FAST, "--quiet", cwd=story)
    picture = next((story / "pictures" / "val").rglob("*.png"))
    done = alexnet("predict", "runs/b", picture, "missing.png", picture, cwd=story, code=3)
    first, missing, last = map(json.loads, done.stdout.splitlines())
    assert missing == {"picture": "missing.png", "error": "unreadable: No such file or directory"}
    assert first == last
    assert "missing.png" in done.stderr


def test_of_a_folder_the_pictures_are_answered_those_below_too(story: Path) -> None:
    if not (story / "runs/b").exists():
        alexnet("train", "pictures", "--run", "runs/b", "--epochs", 1, *FAST, "--quiet", cwd=story)
    (story / "pictures" / "val" / "notes.txt").write_text("not a picture")
    done = alexnet("predict", "runs/b", "pictures/val", cwd=story)
    shown = [json.loads(line)["picture"] for line in done.stdout.splitlines()]
    assert shown == sorted(str(path.relative_to(story)) for path in (story / "pictures/val").rglob("*.png"))
    (story / "nothing").mkdir()
    assert "holds no pictures" in alexnet("predict", "runs/b", "nothing", cwd=story, code=3).stderr


def test_data_that_is_at_fault_leaves_nothing_behind(story: Path) -> None:
    folder = story / "bad"
    for name in ("train/a", "train/b", "val/a"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(folder / name / "0.png")
    refused("prepare", "bad", "bad-packed", cwd=story, code=3, says="b")
    assert not (story / "bad-packed" / "card.json").exists()


def test_names_with_a_terminals_commands_are_shown_and_not_obeyed(story: Path) -> None:
    """Of folders, classes, files and run directories, in results, errors and what may be typed next."""
    odd = "\x1b]0;owned\x07"
    for split in ("train", "val"):
        for name in ("red disc", "green disc"):
            (story / odd / split / f"{odd}{name}").mkdir(parents=True, exist_ok=True)
            for path in sorted((story / "pictures" / split / name).glob("*.png"))[:8]:
                shutil.copy(path, story / odd / split / f"{odd}{name}" / f"{odd}{path.name}")
    (story / odd / "train" / f"{odd}red disc" / f"{odd}.jpg").write_bytes(b"no picture")
    picture = next((story / odd / "val").rglob("*.png"))
    for words, code in (
        (["check", odd], 3),
        (["prepare", odd, f"{odd}packed", "--side", 32, "--tolerance", 0.5], 0),
        (["train", f"{odd}packed", "--run", f"{odd}run", "--epochs", 1, *FAST], 0),
        (["train", f"{odd}packed", "--run", f"{odd}run", "--epochs", 1, *FAST], 2),
        (["runs", f"{odd}run"], 0),
        (["evaluate", f"{odd}run", "--data", f"{odd}packed", "--classes"], 0),
        (["evaluate", f"{odd}run", "--data", f"{odd}nowhere"], 3),
        (["evaluate", f"{odd}run", "--data", f"{odd}packed", "--predictions", f"{odd}p.csv"], 0),
        (["evaluate", f"{odd}p.csv", "--data", f"{odd}packed"], 0),
        (["evaluate", f"{odd}p.csv", "--data", "pictures"], 3),
        (["predict", f"{odd}run", picture, f"{odd}missing.png"], 3),
        (["predict", f"{odd}nowhere", picture], 1),
        (["convert", f"{odd}run", f"{odd}91.1200"], 0),
        (["info", f"{odd}run"], 0),
        (["info", f"{odd}"], 1),
        (["digest", f"{odd}nowhere"], 1),
        (["runs", f"{odd}run", "--tidy"], 0),
        (["runs", f"{odd}run", "--delete", "--yes"], 0),
    ):
        done = alexnet(*words, cwd=story, code=code)
        assert not {"\x1b", "\x07"} & set(done.stdout + done.stderr), words
