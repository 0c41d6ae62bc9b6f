"""Section 5: how long it takes."""

from typing import Final

from alexnet.claims.claim import Arm, Claim, Contrast
from alexnet.claims.measures import Days

_SPREAD: Final = 64

TIME: Final = Claim(
    name="time",
    title="Ninety epochs of ImageNet take five to six days",
    paper="Section 5: roughly 90 cycles through the training set of 1.2 million images took five to six days on two "
    "NVIDIA GTX 580 3GB GPUs.",
    experiment="The speed of `alexnet bench train` (the paper's network, batches of 128, float32), and from it the "
    "days of 90 epochs of 1.2 million pictures: on this machine as it is; and on 64 cores, each assumed to be as fast "
    "as one of this machine's, with nothing lost between them.",
    agreement="64 cores take six days or less.",
    disagreement="They take more.",
    arms=(
        Arm("here", "this machine", (), Days()),
        Arm("64-cores", f"{_SPREAD} cores, extrapolated", (), Days(cores=_SPREAD)),
    ),
    contrasts=(
        Contrast("days on 64 cores", {"64-cores": 1.0}, agrees=(0.0, 6.0), published="5 to 6, two GPUs"),
    ),
    data=(),
    indirect="The days are computed from minutes; that cores scale without loss is assumed, and reading pictures is "
    "not counted.",
    seeds=1,
)
