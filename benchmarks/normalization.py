"""Claim: response normalisation takes a tenth of nn.LocalResponseNorm's time.

python benchmarks/normalization.py
"""

from pathlib import Path

from alexnet.bench.claim import check

if __name__ == "__main__":
    check("normalization", Path(__file__).parent / "results", rounds=7, of_plain=10.0)
