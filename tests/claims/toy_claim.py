"""A claim of the digits that seconds are enough for; as a program, it is run, to be killed on the way."""

import sys
from pathlib import Path
from typing import Final

from alexnet.claims.claim import Arm, Claim, Contrast, Training
from alexnet.claims.measures import TestError
from alexnet.claims.running import Workspace, opened, run_claim

_SETTINGS: Final = {"network.units": "8", "training.rates.weight": 0.01}


def training(name: str, *, part: float = 1.0, epochs: float = 2.0, until: float | None = None) -> Training:
    """Return a training of a network with one hidden layer of eight units on digits of eight pixels."""
    return Training(name, "digits", epochs, _SETTINGS, network="mlp", part=part, until=until)


TOY: Final = Claim(
    name="toy",
    title="More pictures are better",
    paper="It says nothing of it.",
    experiment="A tenth of the digits, and all.",
    agreement="All are better.",
    disagreement="They are not.",
    arms=(
        Arm("whole", "all", (training("whole"),), TestError()),
        Arm("part", "a tenth", (training("part", part=0.1),), TestError()),
    ),
    contrasts=(Contrast("a tenth minus all", {"part": 1.0, "whole": -1.0}),),
    data=("digits",),
    seeds=1,
)

if __name__ == "__main__":
    for record in run_claim(TOY, Workspace(Path(sys.argv[1]), opened(TOY, ()), say=lambda text: None)):
        print(record.arm, record.measured.figure, flush=True)
