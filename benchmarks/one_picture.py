"""Claim: one picture takes at most 1.25 times the machine's bound; with weights of one byte, 0.6 of that.

python benchmarks/one_picture.py
"""

from pathlib import Path

from alexnet.bench.claim import check

if __name__ == "__main__":
    check("latency", Path(__file__).parent / "results", rounds=9, of_bound=0.8)
