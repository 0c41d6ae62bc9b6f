"""Print one SHA-256 over what a run computed: weights, velocities and errors, without clocks and names of settings.

python benchmarks/trace.py RUN

Two commits that give the same for the same command train alike, bit for bit, also where one of them writes other
files or calls a setting otherwise: `alexnet digest` covers those too. It reads files of any version, and needs none of
the package.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Final

from safetensors import safe_open

NUMBERS: Final = (
    *("epoch", "step", "rate", "training_loss", "training_top1_error"),
    *("validation_loss", "validation_top1_error"),
)


def trace(run: Path) -> str:
    """Return the digest of a run's newest checkpoint and its journal, in hexadecimal."""
    digest = hashlib.sha256()
    newest = max(run.glob("checkpoints/step-*.safetensors"))
    with safe_open(newest, framework="numpy") as file:
        for name in sorted(file.keys()):
            value = file.get_tensor(name)
            digest.update(f"{name} {tuple(value.shape)}".encode() + value.tobytes())
    for line in (run / "journal.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        digest.update(json.dumps([row.get(name) for name in NUMBERS]).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    print(trace(Path(sys.argv[1])))
