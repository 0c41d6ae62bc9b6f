"""Claim: an exact search takes at most 1.5 times the time to read the vectors; many queries, 1.5 of their product.

python benchmarks/exact_search.py [--vectors 1000000] [--dimension 4096] [--queries 64] [--rounds 5] [--folder FOLDER]

Vectors of float16, made up from a seed, are put into an index of their own, which is removed at the end: 8.2 GB for a
million of 4096. Searches take turns with what bounds them: threads that add up the same memory-mapped bytes, and a
product of float32 matrices as large as a block's. Memory that the build and the searches add is said too.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import torch

from alexnet.search import exact
from alexnet.search.exact import BLOCK_BYTES, Exact
from alexnet.search.index import UNLABELLED, IndexCard, Rows

TARGET: Final = 1.5
_AT_ONCE: Final = 2048


def vectors(count: int, dimension: int) -> Iterator[Rows]:
    """Yield made-up pictures: rectified normal values, as those of fc7 are."""
    rng = np.random.default_rng(0)
    for start in range(0, count, _AT_ONCE):
        numbers = np.arange(start, min(start + _AT_ONCE, count))
        values = np.maximum(rng.standard_normal((len(numbers), dimension), np.float32), 0).astype(np.float16)
        labels = np.full(len(numbers), UNLABELLED)
        yield Rows(values, [f"{n}.jpg" for n in numbers], labels, np.stack([0 * numbers, numbers], 1))


def read(index: Exact) -> None:
    """Add up all bytes of the vectors, a thread a core."""
    blocks = [block.view(np.uint64) for _, block in index.store.blocks(1024)]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        list(pool.map(lambda block: np.bitwise_xor.reduce(block.reshape(-1)), blocks))


def multiply(count: int, dimension: int, queries: int) -> None:
    """Multiply as many values as a search for `queries` vectors does, a block at a time that is there already."""
    rows = BLOCK_BYTES // (4 * dimension)
    block, asked = torch.ones(rows, dimension), torch.ones(queries, dimension)
    out = torch.empty(queries, rows)
    for _ in range(-(-count // rows)):
        torch.mm(asked, block.T, out=out)


def seconds(function: Callable[[], object]) -> float:
    """Return the seconds that a function takes."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def own_memory() -> float:
    """Return the memory of its own that this process has now, in MB: mapped files are not counted."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> int:
    """Measure, print, and return 0 where both claims are held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--vectors", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=4096)
    parser.add_argument("--queries", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", help="where there is room [the temporary folder]")
    given = parser.parse_args()
    size = given.vectors * given.dimension * 2
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        card = IndexCard("exact", "0" * 64, "made up", "fc7", given.dimension)
        before = own_memory()
        began = time.perf_counter()
        index = exact.build(Path(folder) / "index", card, vectors(given.vectors, given.dimension), {})
        print(
            f"built {size / 1e9:.2f} GB in {time.perf_counter() - began:.1f} s, {own_memory() - before:+,.0f} MB"
        )
        asked = np.maximum(np.random.default_rng(1).standard_normal((given.queries, given.dimension)), 0)
        single, several = asked[:1].astype(np.float32), asked.astype(np.float32)
        contestants: dict[str, Callable[[], object]] = {
            "reading": lambda: read(index),
            "one query": lambda: index.query(single, 10),
            "product": lambda: multiply(given.vectors, given.dimension, given.queries),
            f"{given.queries} queries": lambda: index.query(several, 10),
        }
        times: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(given.rounds):
            for name, function in contestants.items():
                times[name].append(seconds(function))
        print(f"after the searches {own_memory() - before:+,.0f} MB; {torch.get_num_threads()} threads")
    held = True
    for bound, name in (("reading", "one query"), ("product", f"{given.queries} queries")):
        ratio = statistics.median(a / b for a, b in zip(times[name], times[bound], strict=True))
        held &= ratio <= TARGET
        fastest = min(times[bound])
        rate = f"{size / fastest / 1e9:.1f} GB/s" if bound == "reading" else ""
        print(
            f"{name}: {1000 * min(times[name]):,.1f} ms, {bound} {1000 * fastest:,.1f} ms {rate}: "
            f"{ratio:.2f} times, {'held' if ratio <= TARGET else 'missed'} (at most {TARGET})"
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
