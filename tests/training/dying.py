"""Run a small training again and again, each time with one system call that goes wrong, and compare the ends.

    python dying.py FOLDER FAULT CALL POINTS

FAULT is what happens at the k-th CALL (os.replace, os.fsync, os.open, os.unlink, or save_file, which writes a
checkpoint), whichever thread makes it: `kill` (SIGKILL just before it, or when half of a checkpoint is written),
`term` (the same with SIGTERM), `full` (it and all later ones fail with ENOSPC), `fail` (it alone with EIO).
Then the run goes on without a fault. Where there are more than POINTS calls, as many are taken evenly. Every end
must have the digest of a run that nothing happened to, and leave no temporary file. Prints a JSON object:
`calls`, `points`, and `bad`, a list of what differed.

Processes are forked before any tensor is made, so that a point takes a fraction of a second.
"""

import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alexnet.checkpoint
from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.errors import AlexNetError, Interrupted
from alexnet.networks.small import Cifar18
from alexnet.runs.checkpoint_writer import CheckpointPolicy
from alexnet.runs.checkpoints import digest
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Recipe, Training
from alexnet.training.schedule import Schedule

RECIPE = Recipe(
    "dying",
    network=Cifar18(classes=4, side=12, deviation=0.003),
    augmentation=Augmentation(side=12),
    training=Training(
        epochs=3, batch_size=8, rates=LayerHyperparameters(weight=0.002), schedule=Schedule(kind="constant")
    ),
)


def train(folder: Path, run: Path) -> None:
    """Begin the run or go on with it: 3 epochs of 4 steps, a checkpoint every 3 steps."""
    dataset = Dataset.open(folder / "data")
    run_training(
        dataset,
        RECIPE,
        run,
        resume=True,
        policy=CheckpointPolicy(every_steps=3),
        display=ProgressDisplay(quiet=True),
    )


def arm(fault: str, call: str, point: int, count: Callable[[int], None]) -> None:
    """Make the `point`-th of a call go wrong; tell `count` of each."""
    owner: Any = alexnet.checkpoint if call == "save_file" else os
    name = call.rpartition(".")[2]
    original, seen = getattr(owner, name), 0

    def wrapped(*arguments: Any, **named: Any) -> Any:
        nonlocal seen
        seen += 1
        count(seen)
        if seen == point and fault in ("kill", "term"):
            if name == "save_file":  # the moment in the middle of the write
                original(*arguments, **named)
                os.truncate(arguments[1], os.path.getsize(arguments[1]) // 2)
            os.kill(os.getpid(), signal.SIGKILL if fault == "kill" else signal.SIGTERM)
        if (fault == "fail" and seen == point) or (fault == "full" and seen >= point > 0):
            code = errno.EIO if fault == "fail" else errno.ENOSPC
            raise OSError(code, os.strerror(code))
        return original(*arguments, **named)

    setattr(owner, name, wrapped)


def forked(act: Callable[[], None]) -> int:
    """Run something in a process of its own; return its exit code, or the signal that ended it as a minus."""
    if (child := os.fork()) == 0:
        code = 70
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            act()
            code = 0
        except Interrupted as stop:
            code = stop.exit_code
        except AlexNetError as error:
            code = error.exit_code
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def calls(folder: Path, call: str) -> int:
    """Count how often an undisturbed run makes a call."""
    counted = folder / "counted"

    def act() -> None:
        write = os.write
        descriptor = os.open(counted, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

        def count(seen: int) -> None:
            write(descriptor, b".")

        arm("none", call, 0, count)
        train(folder, folder / "counting")

    code = forked(act)
    assert code == 0, f"the undisturbed run ended with {code}"
    return counted.stat().st_size


def tried(folder: Path, fault: str, call: str, point: int, expected: str) -> str | None:
    """Try one point; return what was wrong."""
    run = folder / f"{fault}-{point}"

    def disturbed() -> None:
        arm(fault, call, point, lambda seen: None)
        train(folder, run)

    first = forked(disturbed)
    if first == 70:
        return f"{fault} at {call} {point}: a traceback"
    if first == 0 and digest(run) != expected:
        return f"{fault} at {call} {point}: said it was done, and was not"
    second = forked(lambda: train(folder, run))
    if second != 0:
        return f"{fault} at {call} {point}: going on ended with {second} after {first}"
    if digest(run) != expected:
        return f"{fault} at {call} {point}: another end, after {first}"
    if left := [path.name for path in run.rglob("*.tmp")]:
        return f"{fault} at {call} {point}: left {left}"
    shutil.rmtree(run)
    return None


def main(folder: Path, fault: str, call: str, most: int) -> None:
    """Try all points, or `most` of them."""

    def prepared() -> None:
        prepare(Shapes(32, side=16, classes=4), folder / "data", side=16)

    forked(prepared)
    count = calls(folder, call)
    expected = digest(folder / "counting")
    points = [1 + i * count // min(most, count) for i in range(min(most, count))]
    bad = [line for point in points if (line := tried(folder, fault, call, point, expected)) is not None]
    print(json.dumps({"calls": count, "points": len(points), "bad": bad}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
