"""alexnet predict as a tool among others: pipes, files, signals, terminals, exit codes."""

import csv
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COMMAND = [sys.executable, "-m", "alexnet", "predict", "small"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pictures, one of them broken, in two folders."""
    folder = tmp_path_factory.mktemp("photos")
    numbers = np.random.default_rng(4)
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png", "c.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(numbers.integers(0, 256, (70, 90, 3), dtype=np.uint8)).save(folder / name)
    (folder / "b" / "bad.png").write_bytes(b"text")
    return folder


def predict(*arguments: object, cwd: Path, given: bytes = b"", code: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], input=given, capture_output=True, cwd=cwd, check=False
    )
    assert done.returncode == code, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done.stdout.decode(), done.stderr.decode()


@pytest.mark.slow
def test_in_a_pipe_each_picture_is_a_line_of_json_in_its_order(photos: Path) -> None:
    names = sorted(str(path.relative_to(photos)) for path in photos.rglob("*.png"))
    given = "\n".join(["./a", *names, ""]).encode()
    out, err = predict("-", "--top", 2, cwd=photos, given=given, code=3)
    found = [json.loads(line) for line in out.splitlines()]
    assert [one["picture"] for one in found] == names
    assert [len(one.get("classes", ())) for one in found] == [2, 2, 2, 2, 0, 2]
    assert found[4]["error"].startswith("no picture")
    assert "1 of 6 could not be read: b/bad.png: no picture" in err
    assert "1 folders on a list were passed over" in err


@pytest.mark.slow
def test_files_and_folders_are_written_and_evaluate_reads_them(photos: Path, tmp_path: Path) -> None:
    """CSV of everything, --threshold, and a folder for each class; whose rows are those that JSON lines have."""
    options = (
        "--copy-into",
        tmp_path / "sorted",
        "-o",
        tmp_path / "said.csv",
        "--top",
        3,
        "--threshold",
        1e-4,
    )
    assert predict(photos, *options, cwd=tmp_path, code=3)[0] == ""
    with open(tmp_path / "said.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    predict(photos, "-o", "said.jsonl", "--top", 3, "--threshold", 1e-4, cwd=tmp_path, code=3)
    lines = [json.loads(line) for line in (tmp_path / "said.jsonl").read_text().splitlines()]
    assert list(rows[0]) == [
        "picture",
        *(f"{c}{r}" for r in (1, 2, 3) for c in ("class", "probability")),
        "error",
    ]
    for row, line in zip(rows, lines, strict=True):
        assert row["picture"] == line["picture"]
        assert row["error"] == line.get("error", "")
        classes = [one["class"] for one in line.get("classes", ())]
        assert [row[f"class{rank}"] for rank in (1, 2, 3)] == classes + [""] * (3 - len(classes))
        if classes:
            assert float(row["probability1"]) == line["classes"][0]["probability"]
            assert (tmp_path / "sorted" / classes[0] / Path(line["picture"]).name).exists()
    assert len([path for path in (tmp_path / "sorted").rglob("*") if path.is_file()]) == 5


@pytest.mark.slow
def test_a_picture_may_come_through_the_pipe(photos: Path) -> None:
    content = (photos / "c.png").read_bytes()
    out, _ = predict("-", "c.png", "--stdin", "bytes", cwd=photos, given=content)
    first, second = map(json.loads, out.splitlines())
    assert (first["picture"], second["picture"]) == ("-", "c.png")
    assert first["classes"] == second["classes"]


@pytest.mark.slow
def test_a_reader_that_leaves_ends_it_quietly(photos: Path) -> None:
    """Also while the list goes on for ever."""
    script = f"yes c.png | {' '.join(COMMAND)} - | head -1; echo ${{PIPESTATUS[1]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, cwd=photos, timeout=300, check=True)
    first, code = done.stdout.decode().splitlines()
    assert json.loads(first)["picture"] == "c.png"
    assert code == "141"
    assert not done.stderr.strip() or b"Broken pipe" in done.stderr  # of yes


@pytest.mark.parametrize(
    ("arguments", "says"), [([], "missing argument"), (["http://x/y.jpg"], "--allow-urls")]
)
def test_what_cannot_be_meant_is_a_line(arguments: list[str], says: str, tmp_path: Path) -> None:
    out, err = predict(*arguments, cwd=tmp_path, code=2)
    assert out == ""
    assert len(err.splitlines()) == 1
    assert says in err


@pytest.mark.slow
def test_on_a_terminal_one_picture_has_bars_and_several_a_line_each(photos: Path) -> None:
    for arguments, expected in ((["c.png"], 6), (["c.png", "a", "b/bad.png"], 4)):
        out, terminal = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=terminal,
            stderr=subprocess.DEVNULL,
            cwd=photos,
            env=os.environ | {"COLUMNS": "100", "TERM": "xterm"},
        )
        os.close(terminal)
        shown = b""
        while piece := _read(out):
            shown += piece
        process.wait()
        os.close(out)
        lines = [line for line in shown.decode().splitlines() if line.strip()]
        assert len(lines) == expected, lines
        assert "c.png" in lines[0]
        assert all(len(line) <= 100 for line in lines)
        assert "%" in lines[1]
        assert expected != 4 or "no picture" in lines[3]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_watch_takes_what_appears_and_ends_cleanly(photos: Path, tmp_path: Path, number: int) -> None:
    """With a file written whole, and pictures moved, copied, and written in pieces."""
    (tmp_path / "inbox").mkdir()
    shutil.copy(photos / "c.png", tmp_path / "inbox" / "old.png")
    process = subprocess.Popen(
        [*COMMAND, "--watch", "inbox", "-o", "said.csv", "--link-into", "inbox/sorted"],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    content = (photos / "a" / "1.png").read_bytes()
    assert _until(lambda: (tmp_path / "inbox" / "sorted").exists())
    with open(tmp_path / "inbox" / "slow.png", "wb", buffering=0) as file:
        for start in range(0, len(content), len(content) // 3 + 1):
            file.write(content[start : start + len(content) // 3 + 1])
            time.sleep(1.2)
    (tmp_path / "gone.png").write_bytes(content)
    (tmp_path / "gone.png").rename(tmp_path / "inbox" / "moved.png")
    assert _until(lambda: len(list((tmp_path / "inbox" / "sorted").rglob("*.png"))) == 2)
    process.send_signal(number)
    assert process.wait(60) == 0, process.communicate()
    assert process.communicate()[1] == b""
    with open(tmp_path / "said.csv", newline="") as rows:
        assert [row["picture"] for row in csv.DictReader(rows)] == ["inbox/slow.png", "inbox/moved.png"]


def _until(holds: object, seconds: float = 120.0) -> bool:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]  # a function
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
