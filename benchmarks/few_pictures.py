"""A good classifier from a few folders of pictures: the default command beside what a person would use instead.

    python benchmarks/few_pictures.py tiny-10x100 --seed 0 --choice 0 --method logistic
    python benchmarks/few_pictures.py tiny-10x100 --method hog-svm
    python benchmarks/few_pictures.py tiny-10x100 --method resnet --minutes 4
    python benchmarks/few_pictures.py tiny-10x100 --method alexnet
    python benchmarks/few_pictures.py tiny-10x100 --method alexnet --label before --arguments "--recipe cifar-18pct"
    python benchmarks/few_pictures.py --summary

The tasks are those of few_picture_tasks.py, drawn with the seed; the same for every method. `alexnet` is
`alexnet train TASK/train --run DIR` with no other options, timed by the wall clock from the command to its end, and
then `alexnet evaluate` on TASK/test. --processor-time counts the ResNet's minutes in time of the processor, divided by
the threads, for a machine that other programs keep busy. Each result is a line appended to
results/DATE-few-pictures.jsonl, with the load of the machine. scikit-learn and scikit-image: pip install --group
baselines.
"""

import argparse
import datetime
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import few_picture_baselines as baselines
import numpy as np
import torch
from few_picture_tasks import Task, build

from alexnet.bench.machine import installed, machine

RESULTS: Final = Path(__file__).parent / "results"
SHARED: Final = Path(__file__).parents[2] / "shared" / "data"


def main() -> None:
    """Build a task, let one method learn it, and print and keep its error."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "task", nargs="?", help="tiny-10x20, cifar10-500, fashion-1000, digits-200, imagenet-5 ..."
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draw of pictures, and of the method")
    parser.add_argument("--choice", type=int, default=0, help="of the draw of classes")
    parser.add_argument("--method", choices=("logistic", "hog-svm", "resnet", "alexnet"), default="alexnet")
    parser.add_argument("--label", help="what the result is called, instead of the method")
    parser.add_argument("--minutes", type=float, default=4.0, help="of the ResNet's training")
    parser.add_argument("--processor-time", action="store_true", help="count those minutes by the processor")
    parser.add_argument("--arguments", default="", help="more words for `alexnet train`")
    parser.add_argument("--data", type=Path, default=SHARED, help="where the archives are")
    parser.add_argument(
        "--archive", default="tiny-imagenet-50-more.zip", help="of Tiny-ImageNet, below --data"
    )
    parser.add_argument("--keep", type=Path, help="a new folder for the task and the run, which stays")
    parser.add_argument("--summary", action="store_true", help="print a table of all that was kept")
    options = parser.parse_args()
    if options.summary:
        summarise()
        return
    if options.task is None:
        parser.error("a task, or --summary")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        task = build(
            options.task,
            folder / "task",
            options.data,
            seed=options.seed,
            choice=options.choice,
            archive=options.archive,
        )
        result = measured(task, folder, options)
    print(json.dumps(result))
    with open(RESULTS / f"{datetime.date.today().isoformat()}-few-pictures.jsonl", "a") as file:
        file.write(json.dumps(result) + "\n")


def measured(task: Task, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Let a method learn a task; return its error and all that it depends on."""
    wall, processor = time.monotonic(), time.process_time()
    if options.method == "alexnet":
        error, balanced, said, seconds = alexnet(task, folder / "run", options.arguments)
    else:
        error, balanced, said = baseline(task, options)
        seconds = time.monotonic() - wall
    found = {
        "task": task.name,
        "seed": options.seed,
        "choice": options.choice,
        "method": options.label or options.method,
        "error": round(error, 6),
        "balanced_error": round(balanced, 6),
        "seconds": round(seconds, 1),
        "training": task.training,
        "testing": task.testing,
        "classes": list(task.classes),
        "said": said,
        "archive": options.archive if task.name.startswith("tiny") else None,
    }
    if options.method != "alexnet":
        found["processor_seconds"] = round(time.process_time() - processor, 1)
    packages = {name: installed(name) for name in ("sklearn", "skimage")}
    return found | {
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python", "benchmarks/few_pictures.py", *sys.argv[1:]]),
        "load": round(os.getloadavg()[0], 1),
        "machine": machine() | {name: version for name, version in packages.items() if version},
    }


def baseline(task: Task, options: argparse.Namespace) -> tuple[float, float, str]:
    """Return error, balanced error and settings of a method of few_picture_baselines.py."""
    side = baselines.PIXEL_SIDE if options.method == "logistic" else baselines.SIDE
    train = baselines.read(task.folder / "train", task.classes, side)
    test, labels = baselines.read(task.folder / "test", task.classes, side)
    if options.method == "resnet":
        threads = torch.get_num_threads()
        clock: Callable[[], float] = time.monotonic
        if options.processor_time:
            clock = lambda: time.process_time() / threads  # noqa: E731  # one of two clocks
        found, said = baselines.resnet(train, test, options.seed, seconds=60 * options.minutes, clock=clock)
        said += f", {options.minutes:g} minutes by the {'processor' if options.processor_time else 'wall'}"
    else:
        methods = {"logistic": baselines.logistic_regression, "hog-svm": baselines.hog_svm}
        found, said = methods[options.method](train, test, options.seed)
    right = found == labels
    balanced = [float(right[labels == label].mean()) for label in np.unique(labels)]
    return 1 - float(right.mean()), 1 - sum(balanced) / len(balanced), said


def alexnet(task: Task, run: Path, arguments: str) -> tuple[float, float, str, float]:
    """Train by the command and evaluate on the test pictures: errors, what it said, seconds of training."""
    command = [sys.executable, "-m", "alexnet"]
    words = ["train", str(task.folder / "train"), "--run", str(run), *shlex.split(arguments)]
    with tempfile.TemporaryDirectory() as home:  # what was prepared before does not count
        environment = {**os.environ, "ALEXNET_HOME": os.environ.get("ALEXNET_HOME", home)}
        began = time.monotonic()
        trained = subprocess.run(
            [*command, *words], capture_output=True, text=True, check=False, env=environment
        )
        seconds = time.monotonic() - began
        if trained.returncode:
            raise SystemExit(trained.stderr)
        words = ["evaluate", str(run), "--data", str(task.folder), "--split", "test", "--json"]
        evaluated = subprocess.run(
            [*command, *words], capture_output=True, text=True, check=False, env=environment
        )
        if evaluated.returncode:
            raise SystemExit(evaluated.stderr)
    report = json.loads(evaluated.stdout)
    return report["top1_error"], 1 - report["balanced_accuracy"], arguments, seconds


def summarise() -> None:
    """Print, for each task and method of all results, the mean error, its range, and how many there are."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(RESULTS.glob("*-few-pictures.jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            found[row["task"], row["method"]].append(row)
    print(
        "| task | method | error: mean (lowest to highest) | results | seconds: mean |\n|---|---|---|---|---|"
    )
    for (task, method), rows in sorted(found.items()):
        errors, seconds = [row["error"] for row in rows], [row["seconds"] for row in rows]
        spread = f"{np.mean(errors):.1%} ({min(errors):.1%} to {max(errors):.1%})"
        print(f"| {task} | {method} | {spread} | {len(rows)} | {np.mean(seconds):.0f} |")


if __name__ == "__main__":
    main()
