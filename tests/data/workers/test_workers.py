"""Many processes, killed processes, full disks: what is finished is always the same bytes."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from deadly import Deadly, Talking

from alexnet.data.dataset import Dataset
from alexnet.data.preparation import prepare as prepare_module
from alexnet.data.preparation import shards
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.data.storage.arrays import write_array
from alexnet.data.workers import dispatch
from alexnet.data.workers import pool as workers
from alexnet.errors import AlexNetError, DataError

COMMAND = """
import sys
from alexnet.data.preparation import prepare
from alexnet.data.preparation import shards
from alexnet.data.sources.shapes import Shapes
shards.PIXELS = 16 * 16 * 10
prepare.prepare(Shapes(100, side=16), sys.argv[1], side=16, workers=int(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "PIXELS", 16 * 16 * 10)  # ten pictures a shard
    monkeypatch.setattr(dispatch, "FEW", 0)


def digest(directory: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(directory.iterdir()):
        content.update(path.name.encode() + path.read_bytes())
    return content.hexdigest()


def run(directory: Path, count: int = 2, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", COMMAND, str(directory), str(count)]
    return subprocess.Popen(command, env=os.environ | environment, start_new_session=True)


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_any_number_of_workers_writes_the_same_bytes(tmp_path: Path, encoding: str) -> None:
    for count in (0, 3):
        prepare(Shapes(60, side=16), tmp_path / str(count), side=16, encoding=encoding, workers=count)
    assert digest(tmp_path / "0") == digest(tmp_path / "3")


def test_jpeg_pictures_are_near_the_raw_ones_and_smaller(tmp_path: Path) -> None:
    raw = prepare(Shapes(20, side=64), tmp_path / "raw", side=64).split("train")
    packed = prepare(Shapes(20, side=64), tmp_path / "jpeg", side=64, encoding="jpeg").split("train")
    indices = np.array([3, 19, 0, 3])
    grey = [
        split.images(indices).float().mean(dim=1) for split in (raw, packed)
    ]  # halved colours blur the noise
    assert (grey[0] - grey[1]).abs().mean() < 8
    assert torch.equal(packed.images(indices)[0], packed.images(indices)[3])
    sizes = [sum(p.stat().st_size for p in (tmp_path / d).glob("train*images*")) for d in ("raw", "jpeg")]
    assert sizes[1] < sizes[0] / 3


def test_a_picture_that_brings_the_decoder_down_is_named_and_left_out(tmp_path: Path) -> None:
    source = Deadly(100, side=16)
    source.crash = 37
    dataset = prepare(source, tmp_path / "set", side=16, workers=2)
    assert [(s.name, s.reason) for s in dataset.unreadable] == [
        ("train 37", "damaged: it brings the decoder down")
    ]
    assert len(dataset.split("train")) == 99


@pytest.mark.slow  # seconds
def test_a_picture_that_is_never_finished_is_named_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "PATIENCE", 3.0)
    source = Deadly(100, side=16)
    source.hang = 5
    dataset = prepare(source, tmp_path / "set", side=16, workers=2)
    assert [(s.name, s.reason) for s in dataset.unreadable] == [
        ("train 5", "damaged: not decoded within 3 s")
    ]


def test_a_source_that_fails_ends_it_in_one_line_and_leaves_no_process(tmp_path: Path) -> None:
    source = Deadly(100, side=16)
    source.fail = 55
    with pytest.raises(DataError, match="the source is gone"):
        prepare(source, tmp_path / "set", side=16, workers=2)
    assert not (tmp_path / "set").exists()


def test_a_source_that_prints_disturbs_nothing(tmp_path: Path) -> None:
    """A process answers on its standard output."""
    prepare(Talking(60, side=16), tmp_path / "talking", side=16, workers=2)
    prepare(Shapes(60, side=16), tmp_path / "silent", side=16, workers=2)
    images = [
        Dataset.open(tmp_path / name).split("train").images(np.arange(60)) for name in ("talking", "silent")
    ]
    assert torch.equal(images[0], images[1])


def test_progress_rises_to_the_whole(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    prepare(
        Shapes(100, side=16), tmp_path / "set", side=16, workers=2, progress=lambda d, t: told.append((d, t))
    )
    assert told[-1] == (125, 125)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_quarantined_pictures_are_left_out_and_do_not_count_as_lost(tmp_path: Path) -> None:
    lines = [f'{{"name": "train {n}", "reason": "looks wrong"}}\n' for n in range(20)]
    (tmp_path / "quarantine.jsonl").write_text("".join(lines) + "train 30\n")
    dataset = prepare(
        Shapes(100, side=16), tmp_path / "set", side=16, quarantine=tmp_path / "quarantine.jsonl"
    )
    assert len(dataset.split("train")) == 79
    assert dataset.unreadable[0].reason == "quarantined: looks wrong"


def test_workers_start_without_torch() -> None:
    """Each would take seconds and 200 MiB for it."""
    code = "import sys, alexnet.data.workers.worker, alexnet.data.sources.opening; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.slow
def test_killed_twenty_times_it_ends_in_the_same_bytes(tmp_path: Path) -> None:
    """kill -9 of the whole at random moments, workers 1 or 2; the last run is left to end."""
    prepare(Shapes(100, side=16), tmp_path / "whole", side=16, workers=1)
    moments = random.Random(0)
    killed = 0
    while killed < 20:
        process = run(tmp_path / "cut", 1 + killed % 2)
        time.sleep(moments.uniform(0.5, 2.5))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
        elif moments.random() < 0.5:  # it had ended: begin anew
            for path in (tmp_path / "cut").iterdir():
                path.unlink()
    assert run(tmp_path / "cut").wait() == 0
    assert digest(tmp_path / "cut") == digest(tmp_path / "whole")


def environment(starter: str, rank: int, world_size: int) -> dict[str, str]:
    """What torchrun, or SLURM's srun, tells a process."""
    if starter == "torchrun":
        return {"RANK": str(rank), "WORLD_SIZE": str(world_size)}
    return {
        "SLURM_PROCID": str(rank),
        "SLURM_STEP_NUM_TASKS": str(world_size),
        "SLURM_STEP_NODELIST": "node[1-2]",
        "SLURM_JOB_ID": "7",
    }


@pytest.mark.slow
@pytest.mark.parametrize("starter", ["torchrun", "srun"])
def test_two_processes_share_the_work(tmp_path: Path, starter: str) -> None:
    prepare(Shapes(100, side=16), tmp_path / "whole", side=16, workers=1)
    both = [run(tmp_path / "set", 1, **environment(starter, rank, 2)) for rank in (1, 0)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert digest(tmp_path / "set") == digest(tmp_path / "whole")


@pytest.mark.parametrize("starter", ["torchrun", "srun"])
def test_a_process_of_several_waits_for_the_first_and_writes_its_part_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starter: str
) -> None:
    """Process 1 of 2, while process 0 begins and then does nothing: srun without torchrun is the same."""
    for name, value in environment(starter, 1, 2).items():
        monkeypatch.setenv(name, value)
    waits: list[int] = []

    def while_it_sleeps(seconds: float) -> None:
        waits.append(len(list((tmp_path / "set").glob("*.labels.npy"))))
        key = prepare_module.preparation_key(Shapes(40, side=16), 16, quarantine={})
        (tmp_path / "set" / "plan.json").write_text(key)
        if len(waits) == 2:
            raise TimeoutError

    monkeypatch.setattr(time, "sleep", while_it_sleeps)
    with pytest.raises(AlexNetError):
        prepare(Shapes(40, side=16), tmp_path / "set", side=16, workers=0)
    assert waits == [0, 2]  # of 5 shards, 0 to 4, those of odd numbers
    assert not (tmp_path / "set" / "card.json").exists()


def test_what_others_have_finished_before_a_process_looks_again_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last of many processes has no shard of a small set, and comes before the first has begun."""
    whole = prepare(Shapes(60, side=16), tmp_path / "whole", side=16, workers=0).directory

    def while_it_sleeps(seconds: float) -> None:
        monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it waits for what is there"))
        shutil.copytree(whole, tmp_path / "set", dirs_exist_ok=True)

    monkeypatch.setenv("RANK", "20")
    monkeypatch.setenv("WORLD_SIZE", "21")
    monkeypatch.setattr(time, "sleep", while_it_sleeps)
    prepare(Shapes(60, side=16), tmp_path / "set", side=16, workers=0)
    assert digest(tmp_path / "set") == digest(whole)


def test_a_full_disk_is_told_in_one_line_and_finished_shards_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third shard meets the error that a full disk gives."""
    written, calls = write_array, [0]

    def full(path: Path, array: np.ndarray) -> None:
        calls[0] += 1
        if calls[0] == 5:
            raise OSError(28, "No space left on device")
        written(path, array)

    monkeypatch.setattr(shards, "write_array", full)
    with pytest.raises(AlexNetError, match=r"disk of .* is full: shards that are finished stay; make room"):
        prepare(Shapes(100, side=16), tmp_path / "set", side=16, workers=0)
    monkeypatch.setattr(shards, "write_array", written)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "set").glob("train-0000[01].images.npy")}
    assert len(kept) == 2
    prepare(Shapes(100, side=16), tmp_path / "set", side=16, workers=0)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert len(Dataset.open(tmp_path / "set").split("train")) == 100
