"""Claim: features of a data set are written at 0.9 of the rate at which the network takes pictures that lie ready.

python benchmarks/features.py RUN DATA [--split validation] [--stage STAGE] [--rounds 5]

The two take turns, since a shared machine's speed drifts: the network's stage on a batch that lies ready, as
`alexnet bench infer` measures it, and `alexnet.features` on every picture of the split, files and digests included.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
import torch

import alexnet
from alexnet import memory
from alexnet.inference.features import LAST_HIDDEN, feature_settings, stage_features
from alexnet.search.features.extraction import pictures_of, portion_size

TARGET: Final = 0.9


def main() -> int:
    """Measure, print, and return 0 where the claim is held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("run")
    parser.add_argument("data")
    parser.add_argument("--split")
    parser.add_argument("--stage", default=LAST_HIDDEN)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    memory.tune_allocator()
    classifier = alexnet.load(given.run)
    settings = feature_settings(classifier.network, given.stage)
    pictures = pictures_of(given.data, classifier, split=given.split)
    size = portion_size(classifier, settings)
    count = min(size, pictures.counts[0])
    batch = pictures.dataset.split(pictures.splits[0]).images(np.arange(count))
    network = classifier.inference_network()
    ratios, rates = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.rounds + 1):
            began = time.perf_counter()
            repeats = max(1, len(pictures) // (4 * count))
            for _ in range(repeats):
                stage_features(network, batch, settings)
            ready = repeats * count / (time.perf_counter() - began)
            output = Path(folder) / "features"
            began = time.perf_counter()
            alexnet.features(
                classifier, pictures.dataset, output, split=given.split, stage=given.stage, device="auto"
            )
            written = len(pictures) / (time.perf_counter() - began)
            shutil.rmtree(output)
            if number:  # the first warms up
                ratios.append(written / ready)
                rates.append((ready, written))
    ready, written = (max(rate) for rate in zip(*rates, strict=True))
    ratio = statistics.median(ratios)
    print(
        f"{settings.stage} of {given.run}, {len(pictures):,} pictures, {torch.get_num_threads()} threads: {ready:,.0f} "
        f"images/s that lie ready, {written:,.0f} written: {ratio:.2f}, "
        f"{'held' if ratio >= TARGET else 'missed'} (at least {TARGET})"
    )
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
