"""Claims: `alexnet predict` reaches 0.85 of what network and decoder allow together, and its memory stays as it is.

python benchmarks/predict.py ../shared/data/imagenet-sample-200.zip --run small [--files 5000] [--rounds 5]
python benchmarks/predict.py ../shared/data/imagenet-sample-200.zip --run small --memory 1000000

Files are the archive's pictures, again and again, in a folder of their own. Three take turns in each round, since a
shared machine's speed drifts: the network on views that lie ready, as `alexnet bench infer` measures it, with every
core; the decoder on the files, with every core; and predicting, from the first file's name to the last one's classes,
decoding processes and their start included. On one processor network and decoder share the cores, so that together
they allow 1 / (1 / network + 1 / decoder) images/s; on a GPU they do not, and the slower one counts. Ratios are medians
of each round's. Of memory, a list that is generated while it is read names so many files, and what is measured is the
command itself with its decoding processes. A batch takes memory and gives it back, so what is compared is the most that
it took in the first tenth and thereafter.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import torch

import alexnet
from alexnet import cpu, memory
from alexnet.data.decoding.images import decoder, square
from alexnet.data.workers.decoders import Decoders
from alexnet.inference.views import VIEWS_AT_ONCE

SHARE: Final = 0.85
"""Of what network and decoder allow together, what predicting is to reach."""
GROWTH: Final = 0.05
"""By which memory may grow after the first tenth of the pictures."""


def network_seconds(classifier: alexnet.Classifier, count: int) -> float:
    """Return the seconds that the network needs for so many views that lie ready."""
    network = classifier.inference_network()
    images = torch.randint(0, 256, (VIEWS_AT_ONCE, 3, *network.mean.shape[1:]), dtype=torch.uint8)
    images = images.to(network.device)
    began = time.perf_counter()
    with torch.inference_mode():
        for start in range(0, count, VIEWS_AT_ONCE):
            found = network(images[: min(VIEWS_AT_ONCE, count - start)])
        found.cpu()
    return time.perf_counter() - began


def decoder_seconds(files: list[Path], side: int) -> float:
    """Return the seconds that decoding files takes with every core."""
    began = time.perf_counter()
    with ThreadPoolExecutor(cpu.cores()) as threads:
        for _ in threads.map(lambda path: square(path.read_bytes(), side), files):
            pass
    return time.perf_counter() - began


def predict_seconds(classifier: alexnet.Classifier, folder: Path, count: int) -> float:
    """Return the seconds of predicting as the command does it."""
    began = time.perf_counter()
    with Decoders() as decoders:
        results = list(classifier.predict_stream(alexnet.pictures(folder), decoders=decoders))
    seconds = time.perf_counter() - began
    assert len(results) == count
    assert not [result for result in results if result.error]
    return seconds


def throughput(run: str, device: str, folder: Path, files: list[Path], rounds: int) -> bool:
    """Measure in turns, print, and return whether the claim holds."""
    tuned = memory.tune_allocator()
    classifier = alexnet.load(run, device=device)
    print(f"{tuned}; {decoder()}; {classifier}")
    shared = classifier.network.device.type == "cpu"
    network_seconds(classifier, 4 * VIEWS_AT_ONCE)
    ratios, rates = [], []
    for _ in range(rounds):
        network, decoding = network_seconds(classifier, len(files)), decoder_seconds(files, classifier.side)
        predicting = predict_seconds(classifier, folder, len(files))
        allowed = network + decoding if shared else max(network, decoding)
        ratios.append(allowed / predicting)
        rates.append([len(files) / seconds for seconds in (network, decoding, allowed, predicting)])
    names = ("network alone", "decoder alone", "both together allow", "alexnet predict")
    for name, values in zip(names, zip(*rates, strict=True), strict=True):
        print(f"{name:20} {statistics.median(values):8,.0f} images/s")
    ratio = statistics.median(ratios)
    held = ratio >= SHARE
    print(f"{ratio:.2f} of what both allow; at least {SHARE}: {'held' if held else 'missed'}")
    return held


def resident(pid: int) -> int:
    """Return the bytes of a process and of its children that are its own, as Linux counts them."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    pids = [pid, *(int(child) for path in children for child in path.read_text().split())]
    found = 0
    for one in pids:
        lines = Path(f"/proc/{one}/status").read_text().splitlines()
        found += sum(1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
    return found


def memory_stays(run: str, device: str, files: list[Path], count: int) -> bool:
    """Let the command read a list of so many paths, print what memory it took, and return whether it stayed."""
    command = [sys.executable, "-m", "alexnet", "predict", run, "-", "--device", device]
    sizes, began = [], time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        feeding = ThreadPoolExecutor(1)
        feeding.submit(_feed, process, files, count)
        for number, _ in enumerate(process.stdout, 1):
            if number % max(1, count // 1000) == 0 and number < count:
                sizes.append((number, resident(process.pid)))
        feeding.shutdown()
    seconds = time.perf_counter() - began
    assert process.returncode == 0
    first = max(size for number, size in sizes if number <= count // 10)
    later = max(size for number, size in sizes if number > count // 10)
    growth = later / first - 1
    print(f"{count:,} pictures in {seconds:,.0f} s, {count / seconds:,.0f} images/s, start included")
    print(
        f"memory {first / 1e6:,.0f} MB at most in the first tenth, {later / 1e6:,.0f} MB at most thereafter"
    )
    held = growth <= GROWTH
    print(f"it grew by {growth:.1%}; at most {GROWTH:.0%}: {'held' if held else 'missed'}")
    return held


def _feed(process: subprocess.Popen[str], files: list[Path], count: int) -> None:
    assert process.stdin is not None
    with process.stdin as lines:
        for number in range(count):
            lines.write(f"{files[number % len(files)]}\n")


def main() -> int:
    """Measure, print, and return 1 where a claim does not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures", type=Path, help="a zip of JPEG files")
    parser.add_argument("--run", default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--memory", type=int, default=0, metavar="N", help="measure memory over a list of N paths"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(given.pictures) as archive:
        names = [name for name in sorted(archive.namelist()) if name.lower().endswith((".jpeg", ".jpg"))]
        files = []
        for number in range(min(given.files, len(names)) if given.memory else given.files):
            files.append(Path(temporary) / f"{number:06}.jpg")
            files[-1].write_bytes(archive.read(names[number % len(names)]))
        print(
            f"{platform.processor() or platform.machine()}, {cpu.cores()} cores, load {os.getloadavg()[0]:.1f}, "
            f"torch {torch.__version__}, {len(files):,} files"
        )
        if given.memory:
            return int(not memory_stays(given.run, given.device, files, given.memory))
        return int(not throughput(given.run, given.device, Path(temporary), files, given.rounds))


if __name__ == "__main__":
    sys.exit(main())
