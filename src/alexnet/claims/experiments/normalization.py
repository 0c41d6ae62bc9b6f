"""Section 3.3: response normalisation."""

from typing import Final

from alexnet.claims.claim import Arm, Claim, Contrast, Training
from alexnet.claims.measures import TestError

WITH: Final = Training("cifar-18pct", "cifar-18pct", 12.0)
"""Shared with the ensembles."""
_WITHOUT: Final = Training("cifar-18pct-plain", "cifar-18pct", 12.0, {"network.normalization": False})

NORMALIZATION: Final = Claim(
    name="normalization",
    title="Normalisation lowers the error",
    paper="Section 3.3: response normalisation reduces top-1 and top-5 error rates by 1.4% and 1.2%; on CIFAR-10 a "
    "four-layer CNN achieved a 13% test error without normalisation and 11% with.",
    experiment="The recipe cifar-18pct (3 convolutional layers and 1 fully connected), 12 epochs instead of 64, with "
    "and without its normalisation within maps, which is what the 2012 program's file layers-18pct.cfg has (its "
    "layers-19pct.cfg has none).",
    agreement="The error with normalisation is the lower one.",
    disagreement="It is not.",
    arms=(
        Arm("with", "with normalisation", (WITH,), TestError()),
        Arm("without", "without", (_WITHOUT,), TestError()),
    ),
    contrasts=(Contrast("without minus with", {"without": 1.0, "with": -1.0}, published="2 points"),),
    indirect="The 11% network is outside what was released, and 12 epochs are less than a tenth of its training.",
    seeds=5,
)
