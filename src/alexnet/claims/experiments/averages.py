"""Sections 4.1, 4.2 and 6: averages over views of a picture, and over networks."""

from typing import Final

from alexnet.claims.claim import Arm, Claim, Contrast
from alexnet.claims.experiments.normalization import WITH
from alexnet.claims.experiments.small import BASE, SCALE_SAID, WHOLE
from alexnet.claims.measures import TestError

TEN_VIEWS: Final = Claim(
    name="ten-views",
    title="Ten views of a picture are better than one",
    paper="Section 6, note 4: the error rates without averaging predictions over ten patches are 39.0% and 18.3%; "
    "with them 37.5% and 17.0% (table 1).",
    experiment=WHOLE + " The same network, evaluated with the central view and with ten.",
    agreement="The error with ten views is the lower one.",
    disagreement="It is not.",
    arms=(
        Arm("one", "central view", (BASE,), TestError()),
        Arm("ten", "ten views", (BASE,), TestError(views=10)),
    ),
    contrasts=(Contrast("one minus ten", {"one": 1.0, "ten": -1.0}, published="1.5 points"),),
    indirect=SCALE_SAID,
)

ENSEMBLE: Final = Claim(
    name="ensemble",
    title="Five networks are better than one",
    paper="Section 6, table 2: averaging the predictions of five similar CNNs gives an error rate of 38.1% and 16.4%, "
    "where one has 40.7% and 18.2%.",
    experiment="Five networks of the recipe cifar-18pct, 12 epochs, of five seeds: the mean of their errors, and the "
    "error of their average.",
    agreement="The error of the average is below the mean of the errors.",
    disagreement="It is not.",
    arms=(
        Arm("one", "one of five, on average", (WITH,), TestError(averaged=False), members=(5,)),
        Arm("five", "five, averaged", (WITH,), TestError(), members=(5,)),
    ),
    contrasts=(Contrast("one minus five", {"one": 1.0, "five": -1.0}, published="2.6 points"),),
    indirect=SCALE_SAID,
    seeds=1,
)
