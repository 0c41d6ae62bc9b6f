"""Compute, memory and bytes a step for 1 to 1,024 devices: the tables of docs/scaling.md, and what they rest on.

python benchmarks/scaling.py                     print the tables
python benchmarks/scaling.py measure             single-device speed here, in processor seconds
python benchmarks/scaling.py sent data 2         bytes that two processes really send (root, Linux: it makes a
                                                 network of its own to count in)
"""

import fcntl
import functools
import math
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch

from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.batches import Batch, MicroBatch
from alexnet.data.dataset import Dataset
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.shapes import Shapes
from alexnet.distributed.group import ALONE, ProcessGroup, joined
from alexnet.networks.as_trained import AsTrained
from alexnet.networks.layers.layer import Shape
from alexnet.networks.parallel.communication import CommunicationCost, communication_cost
from alexnet.networks.stage import IMAGES
from alexnet.training.recipe import Recipe, Training
from alexnet.training.replica import Replica
from alexnet.training.schedule import TrainingProgress
from alexnet.training.starting import begin_training
from alexnet.training.state import State
from alexnet.training.step import train_step

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
MESSAGES = 8  # of a step: buckets of gradients, or gathers there and back


@dataclass(frozen=True)
class Device:
    name: str
    images_per_second: float
    """Of a training step of the network as trained, at a batch that keeps it busy."""
    memory_bandwidth: float
    """Bytes a second, for the update."""
    link: float
    """Bytes a second that a device sends to others."""
    latency: float
    """Seconds that a message takes at least."""


@dataclass(frozen=True)
class Step:
    """One training step, in seconds but for what is named otherwise."""

    scheme: str
    devices: int
    batch: int
    compute: float
    update: float
    gradients: float
    """Not hidden behind the backward pass."""
    activations: float
    latency: float
    sent: float
    """Bytes that a device sends."""
    memory: float
    """Bytes of weights, gradients, velocities and activations on a device."""

    @property
    def seconds(self) -> float:
        return self.compute + self.update + self.gradients + self.activations + self.latency

    @property
    def bottleneck(self) -> str:
        names = ("compute", "update", "gradients", "activations", "latency")
        return max(names, key=lambda name: getattr(self, name))


def step(device: Device, scheme: str, devices: int, batch: int) -> Step:
    """Model a step: compute and update divided, gradients hidden behind two thirds of the compute."""
    found = divided(scheme, devices, batch)
    compute = batch / devices / device.images_per_second
    sums = found.gradients / device.link
    return Step(
        scheme,
        devices,
        batch,
        compute,
        update=found.parameters * 5 * 4 / device.memory_bandwidth,  # three tensors read, two written
        gradients=max(0.0, sums - compute * 2 / 3),
        activations=found.activations / device.link,
        latency=MESSAGES * 2 * math.ceil(math.log2(devices)) * device.latency,
        sent=found.bytes,
        memory=found.parameters * 3 * 4 + activation_bytes() * batch / devices,
    )


@functools.cache
def divided(scheme: str, devices: int, batch: int) -> CommunicationCost:
    """Return what a device sends; columns over more than two devices are pairs that share batches."""
    if scheme != "columns" or devices <= 2:
        return communication_cost(AsTrained(), scheme, devices, batch)
    pairs = devices // 2
    pair = communication_cost(AsTrained(), "columns", 2, batch // pairs)
    crop_group = 2 * (pairs - 1) / pairs * pair.parameters * 4
    return CommunicationCost("columns", devices, crop_group, pair.activations, pair.parameters)


@functools.cache
def activation_bytes() -> float:
    """Return the bytes of all stages' values for one image, kept for the backward pass."""
    shapes: dict[str, Shape] = {IMAGES: (3, 224, 224)}
    for stage in AsTrained().stages():
        shapes[stage.name] = cast(Any, stage.operation).shape(*(shapes[name] for name in stage.inputs))
    return 4.0 * sum(math.prod(shape) for shape in shapes.values())


def rows(device: Device, per_device: int, total: int) -> Iterator[str]:
    """Yield a table: `total` pictures a step in all, or without it `per_device` for each device."""
    yield "| devices | scheme | batch | step, ms | images/s | of ideal | sent, MB | memory, MB | bottleneck |"
    yield "|---:|---|---:|---:|---:|---:|---:|---:|---|"
    alone = device.images_per_second
    for devices in SIZES:
        batch = total or per_device * devices
        if batch < devices:
            break
        for scheme in ("data", "columns", "hybrid") if devices > 1 else ("data",):
            if scheme == "hybrid" and devices > AsTrained().classes:
                yield f"| {devices:,} | hybrid | {batch:,} | | | | | | more devices than fc8 has units |"
                continue
            found = step(device, scheme, devices, batch)
            speed = batch / found.seconds
            yield (
                f"| {devices:,} | {scheme if devices > 1 else 'alone'} | {batch:,} | {found.seconds * 1e3:,.1f} | "
                f"{speed:,.0f} | {speed / alone / devices:.0%} | {found.sent / 1e6:,.1f} | "
                f"{found.memory / 1e6:,.0f} | {found.bottleneck} |"
            )


CORE = Device("one core", 20.7, 20e9, 1.25e9, 50e-6)
ACCELERATOR = Device("accelerator", 60_000, 4.3e12, 50e9, 10e-6)


def tables() -> Iterator[str]:
    yield "### One core a device, 10 Gb/s, 1,024 pictures a step in all"
    yield ""
    yield from rows(CORE, 0, 1024)
    yield ""
    yield "### Accelerators, 400 Gb/s, 512 pictures a device"
    yield ""
    yield from rows(ACCELERATOR, 512, 0)


def measure(batch: int = 32) -> None:
    """Print the images that one core trains on in a second of its own time."""
    torch.set_num_threads(1)
    replica, state, recipe, pixels = _beginning(ALONE, AsTrained(classes=1000), batch, 224)
    spent = []
    for _ in range(3):
        began = time.process_time()
        train_step(state, replica, pixels, recipe, TrainingProgress(0.0, 0.0), torch.zeros(3, 3))
        spent.append(time.process_time() - began)
    print(f"{batch / min(spent):.1f} images/s of one core, batch {batch}, best of 3 steps")


def sent(scheme: str, count: int) -> None:
    """Print the bytes that a process sends in a step, counted by the kernel, beside what is computed."""
    if "COUNTING" not in os.environ:
        again = f"{sys.executable} {Path(__file__).resolve()} sent {scheme} {count}"
        script = f"mount --bind /dev/null /etc/resolv.conf; exec {again}"  # nobody to ask for names there
        subprocess.run(
            ["unshare", "-n", "-m", "sh", "-c", script], env=os.environ | {"COUNTING": "1"}, check=True
        )
        return
    if "RANK" not in os.environ:
        _raise_loopback()
        told = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "WORLD_SIZE": str(count)}
        told |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29511"}
        command = [sys.executable, *sys.argv]
        started = [subprocess.Popen(command, env=told | {"RANK": str(rank)}) for rank in range(count)]
        assert [process.wait() for process in started] == [0] * count
        return
    torch.set_num_threads(1)
    with joined(scheme) as group:
        replica, state, recipe, pixels = _beginning(group, AsTrained(classes=1000), 8, 224)
        counted = []
        for _ in range(2):
            group.largest(0.0)
            before = _through_loopback()
            group.largest(0.0)
            train_step(state, replica, pixels, recipe, TrainingProgress(0.0, 0.0), torch.zeros(3, 3))
            group.largest(0.0)
            counted.append((_through_loopback() - before) / count)
        if group.is_first:
            expected = communication_cost(AsTrained(), scheme, count, 8).bytes
            print(
                f"{scheme}, {count} processes, batch 8: {counted[-1] / 1e6:.2f} MB sent, {expected / 1e6:.2f} computed"
            )


def _beginning(
    group: ProcessGroup, network: AsTrained, batch: int, side: int
) -> tuple[Replica, State, Recipe, Batch]:
    recipe = Recipe("scaling", network, Augmentation(side=side), Training(batch_size=batch))
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop("RANK", None)  # else it is prepared together, in one folder
        os.environ.pop("WORLD_SIZE", None)
        prepare(Shapes(20, classes=20, side=side), Path(folder) / "set", side=side)
        replica, state = begin_training(Dataset.open(Path(folder) / "set"), recipe, group)
    (rows,) = replica.division.micro_batches(batch)
    indices = torch.arange(batch)[rows.rows]
    images = torch.randint(0, 256, (len(indices), 3, side, side), dtype=torch.uint8)
    part = MicroBatch(images, indices % network.classes, indices, rows.rows, rows.loss_rows)
    return replica, state, recipe, Batch((part,), batch)


def _raise_loopback() -> None:
    """Switch a new network's loopback on, as `ip link set lo up` does."""
    with socket.socket() as any_socket:
        fcntl.ioctl(
            any_socket, 0x8914, struct.pack("16sh22x", b"lo", 0x41)
        )  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING


def _through_loopback() -> int:
    """Return the bytes that have been sent over the loopback so far."""
    line = next(
        line for line in Path("/proc/net/dev").read_text().splitlines() if line.strip().startswith("lo:")
    )
    return int(line.split(":")[1].split()[8])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["measure"]:
            measure()
        case ["sent", scheme, count]:
            sent(scheme, int(count))
        case _:
            print("\n".join(tables()))
