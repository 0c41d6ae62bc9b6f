"""Claims: an auto-encoder's 64 bits keep 85% of whole vectors' precision and beat PCA's; a million are fast.

The first compares, on CIFAR-10 and the last hidden layer of a network trained on its training pictures, what is found
by whole vectors, by codes of several lengths and makes, and by raw pixels. The second looks through 1,000,000 codes of
64 bits on one core, beside the time to read as many bytes.

python benchmarks/search.py RUN DATA     # RUN trained on DATA, CIFAR-10 as a folder of its parquet files
python benchmarks/search.py --speed      # the second alone; both want a machine that does nothing else
"""

import argparse
import datetime
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

import alexnet
from alexnet.bench.machine import machine
from alexnet.data.split import Split
from alexnet.kernels.hamming import hamming_nearest
from alexnet.search.codes.index import CodeOptions, make_encoder
from alexnet.search.features.extraction import opened_at
from alexnet.search.measures import average_precision

DEPTH = 1000  # of the lists whose average precision is taken, as Lin et al. 2015 have it
SHARE, MILLISECONDS = 0.85, 10.0  # what is claimed
CODES = 1_000_000
ANCHORS = """\
Published, mAP of the first 1,000 on CIFAR-10 with AlexNet's features, at 12 / 32 / 48 bits (Lin et al. 2015, with
their program): supervised hash layer 0.893 / 0.897 / 0.897; CNNH+ 0.465 / 0.521 / 0.532; KSH 0.303 / 0.346 / 0.356;
ITQ-CCA 0.264 / 0.288 / 0.295; LSH 0.12. All but LSH learn from the classes, the first two with a network that had
ImageNet first; ours sees no label, reads a small network of 32 x 32 pixels, and is to be held against whole vectors
of the same network."""


def main() -> None:
    """Measure, print the tables and write them down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", nargs="?")
    parser.add_argument("data", nargs="?")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--queries", type=int, default=10_000, help="test pictures, at most")
    parser.add_argument("--epochs", type=int, default=CodeOptions.epochs, help="of the auto-encoders")
    chosen = parser.parse_args()
    if not chosen.speed and not (chosen.run and chosen.data):
        parser.error("give RUN and DATA, or --speed")
    found: dict[str, Any] = {"machine": machine(), "date": datetime.date.today().isoformat()}
    if chosen.run:
        found["retrieval"] = retrieval(chosen.run, chosen.data, chosen.queries, chosen.epochs)
    found["speed"] = speed()
    path = Path(__file__).parent / "results" / f"{found['date']}-search.json"
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written to {path}", file=sys.stderr)


def retrieval(run: str, data: str, queries: int, epochs: int) -> list[dict[str, Any]]:
    """Print and return precision@10 and mAP of every way to look for the test pictures' like among the training's."""
    classifier = alexnet.load(run)
    dataset = opened_at(data, classifier.side, True)
    known, looked_for = pictures(dataset["train"]), pictures(dataset["test"][:queries])
    vectors, wanted = (features(classifier, part[0]) for part in (known, looked_for))
    rows = [
        judged("exact", nearest(vectors, wanted), known[1], looked_for[1]),
        judged("raw pixels", nearest(flat(known[0]), flat(looked_for[0])), known[1], looked_for[1]),
    ]
    for encoder, lengths in (
        ("autoencoder", (28, 64, 128, 256)),
        ("pca", (28, 64, 128, 256)),
        ("random", (64, 256)),
    ):
        for bits in lengths:
            begun = time.monotonic()
            made = make_encoder(vectors, CodeOptions(encoder=encoder, bits=bits, epochs=epochs))
            seconds = time.monotonic() - begun
            found = hamming_nearest(made.encode(vectors), made.encode(wanted), DEPTH)[1]
            row = judged(f"{encoder}, {bits} bits", found, known[1], looked_for[1])
            rows.append({**row, "seconds": round(seconds, 1)})
    by_name = {row["name"]: row for row in rows}
    exact, ours, pca = (
        by_name[name]["precision"][0] for name in ("exact", "autoencoder, 64 bits", "pca, 64 bits")
    )
    print(f"\n{ANCHORS}\n")
    verdict(f"64 bits keep {ours / exact:.1%} of exact's precision@10", ours >= SHARE * exact)
    verdict(f"64 bits beat PCA's signs by {100 * (ours - pca):.1f} points", ours > pca)
    return rows


def pictures(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures, uint8 (N, 3, H, W), and their classes, (N,)."""
    return split.images(np.arange(len(split))).numpy(), split.labels


def features(classifier: alexnet.Classifier, images: np.ndarray) -> np.ndarray:
    """Return what the last hidden layer gives, as an index keeps it: float16, (N, D)."""
    parts = [
        classifier.features(list(images[start : start + 500])).flatten(1).numpy().astype(np.float16)
        for start in range(0, len(images), 500)
    ]
    return np.concatenate(parts)


def flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float16)  # 0 to 255 are exact in it


def nearest(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the rows of the nearest DEPTH of each: (n, DEPTH)."""
    all_of_them = torch.from_numpy(known).float()
    lengths, found = all_of_them.square().sum(1), []
    for some in torch.from_numpy(wanted).float().split(500):
        distances = lengths - 2 * some @ all_of_them.T
        found.append(distances.topk(DEPTH, largest=False).indices)
    return torch.cat(found).numpy()


def judged(name: str, rows: np.ndarray, labels: np.ndarray, wanted: np.ndarray) -> dict[str, Any]:
    """Print and return precision@10 and mAP, each with its 95% interval over the queries."""
    hits = labels[rows] == wanted[:, None]
    precision = with_interval(hits[:, :10].mean(1))
    average = with_interval(np.array([average_precision(each, int(each.sum())) for each in hits]))
    print(
        f"{name:22} precision@10 {precision[0]:.3f} [{precision[1]:.3f}, {precision[2]:.3f}]   "
        f"mAP@{DEPTH} {average[0]:.3f} [{average[1]:.3f}, {average[2]:.3f}]",
        flush=True,
    )
    return {"name": name, "precision": precision, "mean_average_precision": average}


def with_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return the mean of the queries, and where 95% of the means of 1,000 resamples of them lie."""
    rng = np.random.default_rng(0)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(1000)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def speed() -> dict[str, float]:
    """Print and return the time of a query among a million codes, and how many bytes a second that is."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2**64, (CODES, 1), dtype=np.uint64)
    queries = rng.integers(0, 2**64, (40, 1), dtype=np.uint64)
    torch.set_num_threads(1)
    large = torch.ones(100_000_000)
    reading = min(seconds(large.sum) for _ in range(5))
    asking = float(
        np.median([seconds(partial(hamming_nearest, codes, query[None], 10)) for query in queries])
    )
    found = {
        "milliseconds": 1e3 * asking,
        "gigabytes a second": codes.nbytes / asking / 1e9,
        "memory, gigabytes a second": large.nbytes / reading / 1e9,
    }
    print(
        f"\n{CODES:,} codes of 64 bits, one query on one core: {found['milliseconds']:.2f} ms, "
        f"{found['gigabytes a second']:.1f} GB/s; memory is read at {found['memory, gigabytes a second']:.1f} GB/s "
        "(8 MB of codes stay in the cache that cores share, where there is one of that size)"
    )
    verdict(f"{found['milliseconds']:.2f} ms for {CODES:,} codes", found["milliseconds"] < MILLISECONDS)
    return found


def seconds(act: Any) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def verdict(claim: str, held: bool) -> None:
    print(f"{'held' if held else 'missed'}: {claim}", file=sys.stderr)


if __name__ == "__main__":
    main()
