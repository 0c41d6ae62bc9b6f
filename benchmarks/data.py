"""Claims of speed about pictures: decoding, feeding, and flat memory, beside Pillow and other loaders.

Every contender takes its turn in each round, on one thread; a figure is the median over rounds of pictures per
second of this process's own processor time, so that other programs on the machine disturb it less. The last two
measurements are of the wall clock and of memory. Peers that are not installed are left out:
pip install datasets webdataset nvidia-dali-cuda120 (which needs no CUDA for this),
and ffcv, which is built where OpenCV's and libjpeg-turbo's headers are.

    python benchmarks/data.py ../shared/data/imagenet-sample-200.zip

The figures are also written to results/DATE-data.json.
"""

import argparse
import datetime
import importlib.metadata
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from loaders import Contender, others
from PIL import Image, ImageCms, ImageOps

from alexnet import cpu, memory, randomness
from alexnet.bench.machine import machine
from alexnet.data.augmentation.augment import Augmentation, augment
from alexnet.data.dataset import Dataset
from alexnet.data.decoding.decoding import upright
from alexnet.data.decoding.images import decoder, square
from alexnet.data.preparation.prepare import prepare
from alexnet.data.sources.source import Example
from alexnet.kernels import pixels

BATCH = 128


def main() -> None:
    """Measure everything, and print one line for each figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", type=Path, help="a zip of JPEG files")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--entries", type=int, default=1_300_000, help="of the measurement of memory; 0 leaves it out"
    )
    parser.add_argument("--memory-only", action="store_true", help="in a process that has done nothing else")
    arguments = parser.parse_args()
    if arguments.memory_only:
        memory_used(arguments.entries)
        return
    found: dict[str, Any] = {"date": datetime.date.today().isoformat(), "machine": machine()}
    peers = ("datasets", "webdataset", "nvidia-dali-cuda120", "ffcv")
    found["versions"] = {peer: version for peer in peers if (version := version_of(peer))}
    memory.tune_allocator()  # as a run does, before its first tensor
    torch.set_num_threads(1)
    cpu.cores = lambda: 1
    with zipfile.ZipFile(arguments.pictures) as archive:
        files = [
            archive.read(name)
            for name in sorted(archive.namelist())
            if name.upper().endswith((".JPEG", ".JPG"))
        ]
    size = sum(map(len, files)) / len(files) / 1000
    found |= {"files": len(files), "kilobytes": size, "decoder": decoder(), "load": os.getloadavg()[0]}
    print(f"{len(files)} files of {size:.0f} kB; {decoder()}; torch {torch.__version__}")
    print(f"load of the machine {found['load']:.1f} on {os.cpu_count()} cores")
    rows = contests(files, arguments.rounds)
    found |= {"rows": rows, "two processes over one": scaling(arguments.pictures)}
    if arguments.entries:
        command = [sys.executable, __file__, *sys.argv[1:], "--memory-only"]
        line = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        print(line)
        found["memory"] = line
    path = Path(__file__).parent / "results" / f"{found['date']}-data.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def version_of(distribution: str) -> str | None:
    """Return the version of what pip installed under a name, or None."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def contests(files: list[bytes], rounds: int) -> list[dict[str, object]]:
    """Let everyone take part in everything: a row for each figure."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows += report("file to 256 square", compete(decoding(files, folder), rounds), "plain Pillow loop")
        plain = [content for content in files if in_srgb(content)]
        contest = {"alexnet": squares(square, plain), "plain Pillow loop": squares(plain_square, plain)}
        what = f"the same, {len(plain)} already in sRGB"
        rows += report(what, compete(contest, rounds), "plain Pillow loop")
        raw = prepare(Files(files * 6), folder / "raw", workers=0)
        packed = prepare(Files(files * 6), folder / "jpeg", encoding="jpeg", workers=0)
        for what, contest, other in (
            ("prepared JPEG to augmented floats", floats(packed), "DataLoader, Pillow"),
            ("prepared raw to cropped bytes", crops(raw), "DataLoader, memory map"),
            ("prepared raw to floats, colour, mean", floats(raw), "DataLoader, memory map"),
        ):
            rows += report(what, compete(contest, rounds), other)
    return rows


def compete(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Let contenders take turns; return their pictures per second of processor time, a round each."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, work in contenders.items():
            began = time.process_time()
            count = work()
            if turn:  # the first is for warming up
                rates[name].append(count / (time.process_time() - began))
    return rates


def report(what: str, rates: Mapping[str, list[float]], plain: str) -> list[dict[str, object]]:
    """Print medians, and the medians of each round's ratio to the plain contender; return them."""
    rows: list[dict[str, object]] = []
    for name, values in rates.items():
        ratio = statistics.median(value / other for value, other in zip(values, rates[plain], strict=True))
        rate = statistics.median(values)
        print(f"{what:38s} {name:28s} {rate:9,.0f} images/s  {ratio:5.2f}x")
        rows.append(
            {"what": what, "name": name, "images/s": rate, "all": values, "of_plain": ratio, "plain": plain}
        )
    return rows


class Files:
    """Picture files as a source of one class."""

    name, splits, classes = "files", ("train",), ("all",)
    words: dict[str, str] = {}  # noqa: RUF012  # never changed
    notes: dict[str, object] = {}  # noqa: RUF012  # never changed

    def __init__(self, files: list[bytes]) -> None:
        self.files = files

    def count(self, split: str) -> int:
        return len(self.files)

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        for index, content in enumerate(self.files[start:stop], start):
            yield Example(str(index), content, "all")

    def fingerprint(self) -> str:
        return str(len(self.files))


def in_srgb(content: bytes) -> bool:
    """Whether a file needs no conversion of colours; the plain loop leaves it out even where it is needed."""
    return upright(content)[1] is None


def squares(function: Callable[[bytes], np.ndarray], files: list[bytes]) -> Contender:
    """One function over all files."""
    return lambda: len([function(content) for content in files])


def plain_square(content: bytes, side: int = 256) -> np.ndarray:
    """The loop that everyone writes."""
    return plain_square_of(Image.open(io.BytesIO(content)), side)


def plain_square_of(image: Image.Image, side: int) -> np.ndarray:
    """Scale and cut, as everyone does."""
    image = image.convert("RGB")
    scale = side / min(image.size)
    image = image.resize(
        [max(side, round(length * scale)) for length in image.size], Image.Resampling.BILINEAR
    )
    left, top = ((length - side) // 2 for length in image.size)
    return np.asarray(image.crop((left, top, left + side, top + side)))


def right_square(content: bytes, side: int = 256) -> np.ndarray:
    """The same loop where it shows what a viewer does: upright, and in the colours that the file's profile means."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    profile = image.info.get("icc_profile")
    squared = Image.fromarray(plain_square_of(image, side))
    if profile is None or image.mode != "RGB":
        return np.asarray(squared)
    return np.asarray(ImageCms.applyTransform(squared, transform(profile)))


@lru_cache(64)
def transform(profile: bytes) -> ImageCms.ImageCmsTransform:
    """From a file's profile to sRGB, once for each profile."""
    return ImageCms.buildTransform(io.BytesIO(profile), ImageCms.createProfile("sRGB"), "RGB", "RGB")


class Map(torch.utils.data.Dataset[Any]):
    """A function of an index, as torch's DataLoader takes it."""

    def __init__(self, count: int, function: Callable[[int], Any]) -> None:
        self.count, self.function = count, function

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        return self.function(index)


def loaded(count: int, function: Callable[[int], Any]) -> Contender:
    """A DataLoader in this process."""
    loader = torch.utils.data.DataLoader(Map(count, function), batch_size=BATCH)
    return lambda: sum(len(batch) for batch in loader)


def decoding(files: list[bytes], folder: Path) -> dict[str, Contender]:
    """Original files to squares."""
    contenders: dict[str, Contender] = {
        "alexnet": squares(square, files),
        "plain Pillow loop": squares(plain_square, files),
        "Pillow loop, colours right": squares(right_square, files),
        "DataLoader, Pillow": loaded(
            len(files), lambda index: torch.from_numpy(plain_square(files[index]).copy())
        ),
    }
    contenders.update(others(files, folder, plain_square))
    return contenders


def orders(dataset: Dataset) -> Iterator[np.ndarray]:
    """A shuffled epoch, a batch at a time."""
    order = randomness.order(0, 0, len(dataset.split("train")))
    return (order[start : start + BATCH] for start in range(0, len(order), BATCH))


def floats(dataset: Dataset) -> dict[str, Contender]:
    """Prepared pictures to what a network takes: cropped, mirrored, shifted in colour, less the mean."""
    split, settings = dataset.split("train"), Augmentation()
    mean = dataset.mean[:, 16:240, 16:240].contiguous()

    def ours() -> int:
        for indices in orders(dataset):
            augment(
                split.images(indices), settings, dataset.colour_components, 7, torch.from_numpy(indices)
            ).sub_(mean)
        return len(split)

    stored = (
        [np.asarray(split.images(np.array([n]))[0]) for n in range(len(split))]
        if dataset.card.encoding == "raw"
        else []
    )
    encoded = []
    if not stored:
        for n in range(len(split)):
            stream = io.BytesIO()
            Image.fromarray(split.images(np.array([n]))[0].permute(1, 2, 0).numpy()).save(
                stream, "JPEG", quality=90
            )
            encoded.append(stream.getvalue())
    random = np.random.default_rng(0)
    components = dataset.colour_components.numpy()

    def one(index: int) -> torch.Tensor:
        picture = (
            stored[index] if stored else np.asarray(Image.open(io.BytesIO(encoded[index]))).transpose(2, 0, 1)
        )
        y, x = random.integers(0, 33, 2)
        picture = picture[:, y : y + 224, x : x + 224]
        picture = picture[:, :, ::-1] if random.random() < 0.5 else picture
        shift = (random.normal(0, 0.1, 3) @ components).astype(np.float32)
        return torch.from_numpy(picture.astype(np.float32) + shift[:, None, None]).sub_(mean)

    return {
        "alexnet": ours,
        "DataLoader, memory map" if stored else "DataLoader, Pillow": loaded(len(split), one),
    }


def crops(dataset: Dataset) -> dict[str, Contender]:
    """Raw pictures to cropped and mirrored bytes."""
    split = dataset.split("train")
    stored = np.load(dataset.directory / "train-00000.images.npy", mmap_mode="r")
    random = np.random.default_rng(0)

    def ours() -> int:
        for indices in orders(dataset):
            chances = randomness.uniform(7, indices, 3)
            offsets, mirrored = (chances[:, :2] * 33).astype(np.int32), chances[:, 2] < 0.5
            pixels.crop(split.images(indices).numpy(), offsets, mirrored, 224)
        return len(split)

    def one(index: int) -> torch.Tensor:
        y, x = random.integers(0, 33, 2)
        picture = stored[index, :, y : y + 224, x : x + 224]
        return torch.from_numpy((picture[:, :, ::-1] if random.random() < 0.5 else picture).copy())

    return {"alexnet": ours, "DataLoader, memory map": loaded(min(len(split), len(stored)), one)}


def scaling(pictures: Path) -> dict[str, float]:
    """Decode in one process and in two at once, against the clock; half a minute of a quiet machine is best."""
    code = (
        "import sys, time, zipfile\nfrom alexnet.data.decoding.images import square\n"
        "archive = zipfile.ZipFile(sys.argv[1])\n"
        "files = [archive.read(n) for n in archive.namelist() if n.upper().endswith(('.JPEG', '.JPG'))]\n"
        "square(files[0])\nbegan, wall = time.process_time(), time.monotonic()\n"
        "for content in files * 5: square(content)\n"
        "print(5 * len(files) / (time.monotonic() - wall), 5 * len(files) / (time.process_time() - began))\n"
    )

    def run(count: int) -> tuple[float, float]:
        command = [sys.executable, "-c", code, str(pictures)]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
        rates = [[float(word) for word in process.communicate()[0].split()] for process in running]
        return sum(wall for wall, _ in rates), sum(processor for _, processor in rates)

    one, two = run(1), run(2)
    ratios = {"by the clock": two[0] / one[0], "by processor time": two[1] / one[1]}
    words = ", ".join(f"{clock} {ratio:.2f}x" for clock, ratio in ratios.items())
    print(f"{'two processes over one':38s} {words}")
    return ratios


class Generated:
    """Very many entries that cost nothing to make."""

    name, splits, classes = "generated", ("train",), ("a", "b")
    words: dict[str, str] = {}  # noqa: RUF012  # never changed
    notes: dict[str, object] = {}  # noqa: RUF012  # never changed

    def __init__(self, entries: int) -> None:
        self.entries = entries
        self.picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)

    def count(self, split: str) -> int:
        return self.entries

    def examples(self, split: str, start: int = 0, stop: int | None = None) -> Iterator[Example]:
        for index in range(self.entries)[start:stop]:
            yield Example(f"train/{'ab'[index % 2]}/entry {index:08d}.jpg", self.picture, "ab"[index % 2])

    def fingerprint(self) -> str:
        return f"generated {self.entries}"


def most_memory() -> int:
    """Return the most memory that this program has had at once, in MiB; getrusage counts its parent's too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def memory_used(entries: int) -> None:
    """Prepare generated entries, and print the most memory at every tenth of the way, in MiB."""
    tenths: dict[int, int] = {}

    def tell(done: int, total: int) -> None:
        tenths[10 * done // total] = most_memory()

    with tempfile.TemporaryDirectory() as temporary:
        prepare(Generated(entries), Path(temporary) / "set", side=8, workers=0, progress=tell)
    print(
        f"memory over {entries:,} entries, MiB at each tenth: {' '.join(str(tenths[n]) for n in sorted(tenths))}"
    )


if __name__ == "__main__":
    main()
