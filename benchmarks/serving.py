"""Claims: under 64 connections a service answers at least 0.85 of what inference alone reaches; a lone request takes at
most 5 ms more than inference and decoding; 10,000 requests have no error and memory stays within 5%.

python benchmarks/serving.py small [--connections 64] [--requests 10000] [--pictures FOLDER]

The service is a process of its own on the same cores as the clients, whose processor time is measured and stated: the
throughput without them is what the service would reach on cores of its own. Run it on a quiet machine.
"""

import argparse
import http.client
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from alexnet.bench.machine import machine
from alexnet.cpu import cores, limit_threads
from alexnet.data.decoding.images import square
from alexnet.inference.views import view_probabilities
from alexnet.weights.loading import load

PORT = 8765
SHARE = 0.85
EXTRA_SECONDS = 0.005
GROWTH = 0.05
FULL_SECONDS = 0.05


@dataclass
class Outcome:
    """What became of requests."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    wall: float = 0.0
    client_cpu: float = 0.0
    refused: list[float] = field(default_factory=list)
    """Seconds of those that were told 503."""

    @property
    def per_second(self) -> float:
        return self.statuses.get(200, 0) / self.wall

    def percentile(self, share: float) -> float:
        return float(np.quantile(self.seconds, share)) * 1000


def main() -> None:
    """Measure, print each target as held or missed, and keep the numbers in benchmarks/results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--pictures", type=Path, help="JPEGs to send; left out, generated ones of 500 x 375")
    options = parser.parse_args()
    pictures = read(options.pictures) if options.pictures else generated()
    decode, alone, infer = measured(options.run, pictures[0])
    service = started(options.run)
    try:
        full = asked(pictures, options.connections, seconds=options.seconds)
        half = asked(pictures, options.connections, seconds=options.seconds, rate=full.per_second / 2)
        lone = asked(pictures, 1, count=200)
        first = asked(pictures, options.connections, count=options.requests // 10)
        before = memory(service)
        rest = asked(pictures, options.connections, count=options.requests - options.requests // 10)
        growth = memory(service) / before - 1
    finally:
        service.terminate()
        service.wait()
    flooded = refused_seconds(options.run, pictures, options.connections)
    share = full.client_cpu / (full.wall * cores())
    errors = sum(count for each in (first, rest) for status, count in each.statuses.items() if status != 200)
    without = full.per_second / (1 - share)
    extra = statistics.median(lone.seconds) - alone - decode
    held = {
        f"throughput at least {SHARE} of inference, clients' share of the cores given back": without
        >= SHARE * infer,
        "a lone request at most 5 ms above inference and decoding": extra <= EXTRA_SECONDS,
        "no error": errors == 0,
        "memory within 5%": growth <= GROWTH,
        "who comes when the queue is full is told within 50 ms (99 of 100)": flooded <= FULL_SECONDS,
    }
    numbers = {
        "run": options.run,
        "connections": options.connections,
        "infer_images_per_second": infer,
        "requests_per_second": full.per_second,
        "client_share_of_cores": share,
        "requests_per_second_without_clients": without,
        "refused": {str(status): count for status, count in full.statuses.items() if status != 200},
        "full_load_ms": [full.percentile(0.5), full.percentile(0.99)],
        "half_load_ms": [half.percentile(0.5), half.percentile(0.99)],
        "lone_ms": statistics.median(lone.seconds) * 1000,
        "inference_of_one_ms": alone * 1000,
        "decoding_ms": decode * 1000,
        "lone_extra_ms": extra * 1000,
        "requests": options.requests,
        "errors": errors,
        "memory_growth": growth,
        "refused_p99_ms": flooded * 1000,
        "held": held,
        "machine": machine(),
    }
    print(json.dumps(numbers, indent=1))
    for name, kept in held.items():
        print(f"{'held' if kept else 'MISSED'}: {name}", file=sys.stderr)
    name = f"{time.strftime('%Y-%m-%d')}-serving-{Path(options.run).name}.json"
    (Path(__file__).parent / "results" / name).write_text(json.dumps(numbers, indent=1) + "\n")
    sys.exit(not all(held.values()))


def generated(count: int = 64) -> list[bytes]:
    """Return JPEGs of 500 x 375 pixels, of smooth noise."""
    found = []
    for seed in range(count):
        small = np.random.default_rng(seed).integers(0, 256, (30, 40, 3), dtype=np.uint8)
        stream = io.BytesIO()
        Image.fromarray(small).resize((500, 375), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90)
        found.append(stream.getvalue())
    return found


def read(folder: Path) -> list[bytes]:
    """Return the JPEGs of a folder, 256 at most."""
    return [path.read_bytes() for path in sorted(folder.rglob("*.[jJ]*[gG]"))[:256]]


def measured(run: str, picture: bytes) -> tuple[float, float, float]:
    """Return the seconds of decoding a picture, of inference of one, and images/s at the batch of `bench infer`, 64."""
    limit_threads()
    classifier = load(run)
    network = classifier.inference_network()
    batch = torch.from_numpy(np.stack([square(picture, classifier.side)] * 64))

    def best(function: Callable[[], object]) -> float:
        times = []
        for _ in range(10):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
        return statistics.median(times[2:])

    return (
        best(lambda: square(picture, classifier.side)),
        best(lambda: view_probabilities(network, batch[:1], 1)),
        64 / best(lambda: view_probabilities(network, batch, 1)),
    )


def started(run: str, *options: str) -> "subprocess.Popen[bytes]":
    """Return a service that is ready."""
    words = [sys.executable, "-m", "alexnet", "serve", run, "--port", str(PORT), "--no-access-log", *options]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
            connection.request("GET", "/ready")
            if connection.getresponse().status == 200:
                return process
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"alexnet serve {run} does not start")


def refused_seconds(run: str, pictures: list[bytes], connections: int) -> float:
    """Return within how many seconds 99 of 100 are told that the queue is full: one of 50 ms, flooded."""
    service = started(run, "--latency", "0.05")
    try:
        found = asked(pictures, connections, seconds=5.0).refused
    finally:
        service.terminate()
        service.wait()
    return float(np.quantile(found, 0.99)) if found else 0.0


def memory(service: "subprocess.Popen[bytes]") -> float:
    """Return the bytes that the service and its decoding processes have in memory."""
    told = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(service.pid)], capture_output=True, text=True, check=True
    )
    page, total = os.sysconf("SC_PAGE_SIZE"), 0
    for process in (service.pid, *map(int, told.stdout.split())):
        total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * page
    return float(total)


def asked(
    pictures: list[bytes],
    connections: int,
    *,
    seconds: float = float("inf"),
    count: int = sys.maxsize,
    rate: float = 0.0,
) -> Outcome:
    """Ask from several connections, until a time or a count is reached; at a rate, or as fast as answers come.

    At a rate a request is due at a time of its own, and its seconds count from then, however late it is sent.
    """
    outcome, lock = Outcome(), threading.Lock()
    numbers = iter(range(count))
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
        while True:
            with lock:
                number = next(numbers, None)
            now = time.perf_counter() - start
            if number is None or now > seconds:
                return
            due = number / rate if rate else now
            if due > now:
                time.sleep(due - now)
            connection.request(
                "POST", "/v1/predict", pictures[number % len(pictures)], {"Content-Type": "image/jpeg"}
            )
            answer = connection.getresponse()
            answer.read()
            after = time.perf_counter() - start
            with lock:
                outcome.statuses[answer.status] = outcome.statuses.get(answer.status, 0) + 1
                (outcome.refused if answer.status == 503 else outcome.seconds).append(after - due)

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    outcome.client_cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return outcome


if __name__ == "__main__":
    main()
