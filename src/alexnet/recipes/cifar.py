"""The CIFAR-10 recipes of the 2012 program."""

from alexnet.data.augment import Augmentation
from alexnet.networks.small import Cifar18
from alexnet.training.optimizer import Rates
from alexnet.training.recipe import Recipe, Training
from alexnet.training.schedule import Schedule


def cifar_18pct() -> Recipe:
    """Train three convolutional layers on CIFAR-10 to about 18% error.

    Source: the program's layers-18pct.cfg and layer-params-18pct.cfg: whole pictures, neither cropped nor
    mirrored nor shifted in colour; rates divided by 10 after 120 epochs and again after 130; fc's decay is 1.
    Expected: 18% top-1 error on the test pictures in 20 minutes of a 2011 GPU (the file's title).
    Measured here: docs/results.md.
    """
    common = Rates(weight=0.001, bias=0.002, decay=0.004)
    return Recipe(
        "cifar-18pct",
        network=Cifar18(),
        augmentation=Augmentation(side=32, crop=False, mirror=False, colour=0.0),
        training=Training(
            epochs=140,
            rates=common,
            stages={"fc4": Rates(weight=0.001, bias=0.002, decay=1.0)},
            schedule=Schedule(kind="steps", epochs=(120, 130)),
        ),
    )
