"""What most claims train: the network alexnet-small on CIFAR-10, whole or a tenth of it."""

from collections.abc import Mapping
from typing import Any, Final

from alexnet.claims.claim import Arm, Training
from alexnet.claims.measures import TestError

SETTINGS: Final[dict[str, Any]] = {
    "augmentation.colour": 0.0,
    "training.rates.weight": 0.02,
    "training.rates.bias": 0.02,
    "training.schedule.kind": "cosine",
}
"""Crops of 24 of 32 pixels and mirrors; the paper's momentum, decay and batches; a rate that falls as a cosine."""
SETUP: Final = (
    "The network alexnet-small (the paper's stages at an eighth of its side, two columns) on CIFAR-10, crops of 24 of "
    "32 pixels and mirrors, batches of 128, a rate of 0.02 that falls as a cosine"
)
WHOLE: Final = f"{SETUP}; 8 epochs."
TENTH: Final = f"{SETUP}; 60 epochs of 10% of the training pictures, so that there is something to overfit."
SCALE: Final = (
    "Pictures of 32 pixels in 10 classes, a network of 0.4 million weights and few epochs, where the paper "
)
SCALE_SAID: Final = (
    SCALE + "has ImageNet, 60 million and 90: the direction can be compared, the size of it cannot."
)


def whole(name: str, settings: Mapping[str, Any] = {}) -> Training:  # never changed
    """Return the training on all pictures, some of its settings changed."""
    return Training(name, "paper", 8.0, {**SETTINGS, **settings}, network="alexnet-small")


def tenth(name: str, settings: Mapping[str, Any] = {}) -> Training:  # never changed
    """Return the training on a tenth of the pictures, some of its settings changed."""
    return Training(name, "paper", 60.0, {**SETTINGS, **settings}, network="alexnet-small", part=0.1)


BASE: Final = whole("small")
"""Shared by many claims."""
BASE_TENTH: Final = tenth("small-tenth")
AS_PAPER: Final = Arm("as-paper", "as the paper has it", (BASE,), TestError())
AS_PAPER_TENTH: Final = Arm("as-paper", "as the paper has it", (BASE_TENTH,), TestError())
