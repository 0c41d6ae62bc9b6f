"""Section 4: what is done against overfitting."""

from typing import Final

from alexnet.claims.claim import Arm, Claim, Contrast
from alexnet.claims.experiments.small import AS_PAPER_TENTH, SCALE_SAID, TENTH, tenth
from alexnet.claims.measures import TestError

CROPS: Final = Claim(
    name="crops-and-mirrors",
    title="Crops and mirrors prevent overfitting",
    paper="Section 4.1: without image translations and reflections the network suffers from substantial overfitting, "
    "which would have forced the authors to use much smaller networks. No figure is given.",
    experiment=TENTH + " And without crops and mirrors: the central 24 pixels, always.",
    agreement="The error with crops and mirrors is the lower one.",
    disagreement="It is not.",
    arms=(
        AS_PAPER_TENTH,
        Arm(
            "without",
            "neither crops nor mirrors",
            (tenth("small-tenth-unvaried", {"augmentation.crop": False, "augmentation.mirror": False}),),
            TestError(),
        ),
    ),
    contrasts=(Contrast("without minus with", {"without": 1.0, "as-paper": -1.0}),),
    indirect=SCALE_SAID,
)

COLOUR: Final = Claim(
    name="colour-shift",
    title="Shifted colours lower the error",
    paper="Section 4.1: altering the intensities of the RGB channels along their principal components reduces the "
    "top-1 error rate by over 1%.",
    experiment=TENTH + " And with colours shifted along the components, deviation 0.1 of each.",
    agreement="The error with shifted colours is the lower one.",
    disagreement="It is not.",
    arms=(
        AS_PAPER_TENTH,
        Arm(
            "shifted",
            "with shifted colours",
            (tenth("small-tenth-colour", {"augmentation.colour": 0.1}),),
            TestError(),
        ),
    ),
    contrasts=(
        Contrast("plain minus shifted", {"as-paper": 1.0, "shifted": -1.0}, published="over 1 point"),
    ),
    indirect=SCALE_SAID,
)

DROPOUT: Final = Claim(
    name="dropout",
    title="Dropout prevents overfitting",
    paper="Section 4.2: without dropout the network exhibits substantial overfitting; dropout roughly doubles the "
    "number of iterations required to converge. No error is given.",
    experiment=TENTH + " And without dropout, as long.",
    agreement="The error with dropout is the lower one.",
    disagreement="It is not. The doubling of iterations is not measured.",
    arms=(
        AS_PAPER_TENTH,
        Arm(
            "without",
            "without dropout",
            (tenth("small-tenth-no-dropout", {"network.keep": 1.0}),),
            TestError(),
        ),
    ),
    contrasts=(Contrast("without minus with", {"without": 1.0, "as-paper": -1.0}),),
    indirect=SCALE_SAID,
)
