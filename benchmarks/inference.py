"""Claim: inference of 64 pictures reaches 0.85 of what the matrix product allows, and is no slower than other runtimes.

python benchmarks/inference.py
"""

from pathlib import Path

from alexnet.bench.claim import check

if __name__ == "__main__":
    check("infer", Path(__file__).parent / "results", rounds=9, of_bound=0.85)
