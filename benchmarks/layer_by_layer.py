"""Claim: fast is the same. Over twenty steps every layer gives plain PyTorch's output and gradients within 1e-4.

From the same weights and batches, each layer of the printed network reads the same input and is handed the same
gradient both ways: the largest norm of a difference over the norm, of all steps.

    python benchmarks/layer_by_layer.py
"""

import sys

from alexnet import memory
from alexnet.bench.likeness import layer_by_layer
from alexnet.networks.alexnet import AlexNet

STEPS, BATCH, LIMIT = 20, 32, 1e-4


def main() -> int:
    """Print a line for each layer; 1 if one is too far."""
    memory.tune_allocator()
    found = layer_by_layer(AlexNet(), steps=STEPS, batch=BATCH)
    for layer, differences in found.items():
        print(f"{layer:14s}", "  ".join(f"{what} {value:.1e}" for what, value in differences.items()))
    return int(max(max(differences.values()) for differences in found.values()) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
