"""Sections 3.2, 3.4 and 7: columns, overlapping pools, depth."""

from typing import Final

from alexnet.claims.claim import EVERY, Arm, Claim, Contrast
from alexnet.claims.experiments.small import AS_PAPER, BASE, SCALE_SAID, WHOLE, whole
from alexnet.claims.measures import ColourOfColumns, TestError
from alexnet.networks.checks import MIDDLE_LAYERS

OVERLAPPING: Final = Claim(
    name="overlapping-pooling",
    title="Overlapping pools lower the error",
    paper="Section 3.4: pools of 3 x 3 with a stride of 2 reduce top-1 and top-5 error rates by 0.4% and 0.3%, "
    "compared with 2 x 2, which give maps of the same size.",
    experiment=WHOLE
    + " Pools of 3 x 3 and of 2 x 2, both with a stride of 2 and maps of 12, 6 and 3 pixels.",
    agreement="The error with overlapping pools is the lower one.",
    disagreement="It is not. An effect of 0.4 points needs about 50,000 pictures or many seeds to be seen.",
    arms=(
        AS_PAPER,
        Arm(
            "side-by-side",
            "pools of 2 x 2, side by side",
            (whole("small-side-by-side", {"network.overlapping_pooling": False}),),
            TestError(),
        ),
    ),
    contrasts=(
        Contrast("2 x 2 minus 3 x 3", {"side-by-side": 1.0, "as-paper": -1.0}, published="0.4 points"),
    ),
    indirect=SCALE_SAID,
)

COLUMNS: Final = Claim(
    name="columns",
    title="Two columns are better than one of half the kernels",
    paper="Section 3.2: the two-GPU network reduces top-1 and top-5 error rates by 1.7% and 1.2%, compared with a net "
    "with half as many kernels in each convolutional layer trained on one GPU (the last convolutional layer and the "
    "fully-connected ones as large).",
    experiment=WHOLE
    + " Two columns, which meet at conv3 and fc6; and one of half the kernels but for conv5.",
    agreement="The error with two columns is the lower one.",
    disagreement="It is not.",
    arms=(
        AS_PAPER,
        Arm("one", "one column", (whole("small-one-column", {"network.columns": 1}),), TestError()),
    ),
    contrasts=(Contrast("one minus two", {"one": 1.0, "as-paper": -1.0}, published="1.7 points"),),
    indirect=SCALE_SAID,
)

SPECIALISATION: Final = Claim(
    name="column-specialisation",
    title="One column's kernels are of colour, the other's are grey",
    paper="Section 6.1, figure 3: the kernels on GPU 1 are largely color-agnostic, while those on GPU 2 are largely "
    "color-specific; this happens during every run and is independent of any random initialisation.",
    experiment=WHOLE
    + " The colour of a kernel of conv1 is the share of its energy that is not grey; the figure is the "
    "difference between the columns' means, over what it is on average when the kernels are dealt into columns by "
    "chance.",
    agreement="More than 2.46 times what chance gives (the 5% point of it).",
    disagreement="Less.",
    arms=(Arm("columns", "difference of colour over that by chance", (BASE,), ColourOfColumns()),),
    contrasts=(Contrast("over chance", {"columns": 1.0}, agrees=(2.46, EVERY), published="every run"),),
    indirect="Kernels of 5 x 5 pixels after few epochs, where the paper has 11 x 11 after 90.",
)

_DEPTH = tuple(
    Arm(
        f"without-{name}",
        f"without {name}",
        (whole(f"small-without-{name}", {"network.without": name}),),
        TestError(),
    )
    for name in MIDDLE_LAYERS
)

DEPTH: Final = Claim(
    name="depth",
    title="Each middle layer is needed",
    paper="Section 7: removing any of the middle layers results in a loss of about 2% for the top-1 performance of "
    "the network; the depth really is important.",
    experiment=WHOLE + " The whole network, and it without one layer at a time; pools stay where they are.",
    agreement="The error without any of them is higher.",
    disagreement="Without at least one of them it is lower.",
    arms=(AS_PAPER, *_DEPTH),
    contrasts=tuple(
        Contrast(f"{arm.words} minus whole", {arm.name: 1.0, "as-paper": -1.0}, published="2 points")
        for arm in _DEPTH
    ),
    indirect=SCALE_SAID,
)
