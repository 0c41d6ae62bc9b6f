"""Steps of training on a CUDA device, from uint8 pictures in memory: images per second of each way to compute.

Each way takes whole steps as a run does (pinned batches, augmentation on the device, gradients checked, section 5's
update), ten to warm up and then `--steps` of them. The results go to results/ with the device, versions and date.
Where torch finds no CUDA device, nothing is measured.

    python benchmarks/on_a_gpu.py
"""

import argparse
import datetime
import itertools
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from alexnet.data.batches import Batch, batches
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.device import describe_device, enable_tf32
from alexnet.networks.alexnet import AlexNet
from alexnet.training.plan import Plan
from alexnet.training.recipe import Recipe, Training
from alexnet.training.starting import begin_training
from alexnet.training.step import train_step

WARMING, PICTURES, TARGET = 10, 4096, 60_000


def main() -> int:
    """Measure every way, print a line for each, and write them down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, nargs="+", default=[128, 1024])
    parser.add_argument("--precision", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print(f"torch {torch.__version__} finds no CUDA device: nothing is measured", file=sys.stderr)
        return 3
    enable_tf32(device)
    print(describe_device(device))
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        dataset = prepare(Shapes(arguments.pictures, side=256), place)
        compiles = (False, True) if device.type == "cuda" else (False,)
        for size, precision, compile in itertools.product(arguments.batch, arguments.precision, compiles):
            training = Training(batch_size=size, precision=precision, compile=compile)
            rate, memory = measured(dataset, training, device, arguments.steps)
            rows.append(
                {"batch": size, "precision": precision, "compile": compile, "images/s": rate, "bytes": memory}
            )
            print(
                f"batch {size:5d}  {precision:8s}  {'compiled' if compile else '':8s}  {rate:9,.0f} images/s, "
                f"{rate / TARGET:.2f} of {TARGET:,}; {memory / 1e9:.1f} GB"
            )
    if device.type == "cuda":
        write(rows, device)
    return 0


def measured(dataset: Dataset, training: Training, device: torch.device, steps: int) -> tuple[float, int]:
    """Return images per second over so many steps, and the most memory that tensors took."""
    recipe = Recipe("speed", network=AlexNet(), training=replace(training, epochs=1e9))
    replica, state = begin_training(dataset, recipe, device=device)
    plan = Plan(recipe, len(dataset.split("train")))
    ready = loaded(dataset, training.batch_size, pinned=device.type == "cuda")
    for step in itertools.count():
        if step == WARMING:
            finished(device)
            began = time.perf_counter()
        if step == WARMING + steps:
            finished(device)
            break
        batch = ready[step % len(ready)]
        train_step(state, replica, batch, recipe, state.progress(plan), dataset.colour_components)
    memory = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    return steps * training.batch_size / (time.perf_counter() - began), memory


def loaded(dataset: Dataset, size: int, *, pinned: bool) -> list[Batch]:
    """Return the batches of one epoch, in memory, without a smaller last one."""
    split = dataset.split("train")
    feed = batches(split, torch.arange(len(split)).numpy(), size, pinned=pinned)
    return [batch for batch in feed if batch.total == size]


def finished(device: torch.device) -> None:
    """Wait until the device has done what it was asked to."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def write(rows: list[dict[str, Any]], device: torch.device) -> None:
    """Write results/DATE-gpu.json."""
    today = datetime.date.today().isoformat()
    versions = {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
    }
    found = {"date": today, "device": torch.cuda.get_device_name(device), **versions, "rows": rows}
    path = Path(__file__).parent / "results" / f"{today}-gpu.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    sys.exit(main())
