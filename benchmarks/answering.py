"""Claim: 64 pictures are answered at 0.85 of what the matrix product allows, and no slower than by other runtimes.

python benchmarks/answering.py
"""

from pathlib import Path

from alexnet.bench.claim import check

if __name__ == "__main__":
    check("infer", Path(__file__).parent / "results", rounds=9, of_bound=0.85)
