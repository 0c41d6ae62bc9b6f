"""Section 6: what is learned elsewhere, and what the last hidden layer knows."""

from typing import Final

from alexnet.claims.claim import Arm, Claim, Contrast, Training
from alexnet.claims.experiments.small import BASE, SETTINGS, WHOLE
from alexnet.claims.measures import NeighbourPrecision, TestError

_PHOTOS: Final = {**SETTINGS, "network.side": 48, "augmentation.side": 48}
_BEFORE: Final = Training("photos-more", "paper", 12.0, _PHOTOS, network="alexnet-small", data=1)
_SCRATCH: Final = Training("photos", "paper", 12.0, _PHOTOS, network="alexnet-small")
_AFTER: Final = Training("photos-fine-tuned", "paper", 12.0, _PHOTOS, network="alexnet-small", start=_BEFORE)

PRETRAINING: Final = Claim(
    name="pretraining",
    title="Learning more classes first lowers the error",
    paper="Section 6, table 2: a network with a sixth convolutional layer, trained to classify the whole ImageNet "
    "Fall 2011 release (15M images, 22K categories) and then fine-tuned on ILSVRC-2012, has 39.0% and 16.6% where one "
    "that was not has 40.7% and 18.2%.",
    experiment="The network alexnet-small at 48 of 64 pixels on 50 classes of Tiny ImageNet, 12 epochs: from new "
    "weights, and from those of 12 epochs on 50 other classes. The same network in both; the second has seen twice as "
    "many pictures, as the paper's has.",
    agreement="The error of the fine-tuned network is the lower one.",
    disagreement="It is not.",
    arms=(
        Arm("new", "from new weights", (_SCRATCH,), TestError()),
        Arm("fine-tuned", "from 50 other classes", (_AFTER,), TestError()),
    ),
    contrasts=(Contrast("new minus fine-tuned", {"new": 1.0, "fine-tuned": -1.0}, published="1.7 points"),),
    data=("tiny-imagenet-50", "tiny-imagenet-50-more"),
    indirect="50 classes before and after, where the paper goes from 22,000 to 1,000, and no sixth layer.",
)

NEIGHBOURS: Final = Claim(
    name="neighbours",
    title="The last hidden layer knows what is alike",
    paper="Section 6.1, figure 4: test images and the six training images whose feature vectors in the last hidden "
    "layer have the smallest Euclidean distance are of the same kind, and generally not close in L2 at the pixel "
    "level. No figure is given.",
    experiment=WHOLE
    + " 2,000 test pictures: how many of the ten nearest training pictures are of the same class, by "
    "the outputs of fc7 and by pixels.",
    agreement="By fc7 more of them are.",
    disagreement="Not more.",
    arms=(
        Arm("fc7", "by the outputs of fc7", (BASE,), NeighbourPrecision("fc7")),
        Arm("pixels", "by pixels", (), NeighbourPrecision()),
    ),
    contrasts=(Contrast("fc7 minus pixels", {"fc7": 1.0, "pixels": -1.0}),),
    indirect="Ten classes, where the paper shows five pictures of a thousand.",
)
