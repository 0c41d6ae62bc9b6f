"""Claim: a training step reaches 0.75 of what the machine's matrix product allows, and 2.5 times plain PyTorch.

python benchmarks/training.py
"""

from pathlib import Path

from alexnet.bench.claim import check

if __name__ == "__main__":
    check("train", Path(__file__).parent / "results", rounds=5, of_bound=0.75, of_plain=2.5)
