"""The networks of the paper's tables as they were trained: the program's definitions and its notes on each run.

Rates were set by hand. Those of the biases stayed at 0.02; conv1's went to 0.00001 late and then to 0; the
colours were no longer shifted for the last quarter. Each recipe takes the epochs of one run's notes.

The program gave runs of 32 pictures one crop and one mirroring, to save its processors work. It is an option
here, `--set augmentation.crop_group=32`, and off: pictures that are varied alike teach less, and nothing is saved.
"""

from alexnet.data.augmentation.augment import Augmentation
from alexnet.networks.as_trained import AsTrained, SixLayer
from alexnet.networks.stage import Architecture
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Change, Recipe, Training
from alexnet.training.schedule import Schedule

COLOUR = Augmentation(colour=0.1, rescaled=True)
CONSTANT = Schedule(kind="constant")


def as_trained() -> Recipe:
    """Train the network of the paper's results as it was: LSVRC-2012, one network of table 2.

    Source: the 2012 program's layers-145.cfg and the notes in layer-params-145.cfg: rates divided by 10 after
    epochs 25, 51 and 79; conv1 at 0.00001 after 67 and frozen after 72; colours after 67 as they are; stopped
    at 91.
    Hardware and time of the source: two GTX 580 3GB, five to six days (section 5).
    Expected: 40.7% top-1 and 18.2% top-5 error on the validation pictures with ten views (table 2; 0.406640 and
    0.182100 in layer-params-145.cfg, line 182).
    Measured here: not yet; ImageNet has not been trained with it.
    """
    return _by_hand("as-trained", AsTrained(), drops=(25, 51, 79), low=67, frozen=72, plain=67, epochs=91)


def one_column() -> Recipe:
    """Train the network of one column, half as wide but for conv5 and the fully-connected layers.

    Source: section 3.2, note 2; layers-145-half.cfg and the notes in layer-params-145-half.cfg, on LSVRC-2010.
    Expected: 39.2% top-1 and 18.2% top-5 error on the test pictures of 2010 with ten views (0.391680 and
    0.182287 in layer-params-145-half.cfg, line 100): 1.7 and 1.2 points above two columns.
    Measured here: not yet; ImageNet has not been trained with it.
    """
    return _by_hand(
        "one-column", AsTrained(columns=1), drops=(20, 48), low=66, frozen=72, plain=66, epochs=96
    )


def non_overlapping() -> Recipe:
    """Train with pools of 2 x 2 windows, side by side; conv2 and conv5 are padded less, to keep the sizes.

    Source: section 3.4; layers-147.cfg and the notes in layer-params-147.cfg.
    Expected: 41.1% top-1 and 18.5% top-5 error on the validation pictures of 2012 with ten views (0.410580 and
    0.185100 in layer-params-147.cfg, line 174): 0.4 and 0.3 points above overlapping pools.
    Measured here: not yet; ImageNet has not been trained with it.
    """
    network = AsTrained(overlapping_pooling=False)
    return _by_hand(
        "non-overlapping", network, drops=(23, 51, 79), low=None, frozen=79, plain=None, epochs=90
    )


def no_normalisation() -> Recipe:
    """Train without any normalisation: neither across maps nor within them.

    Source: section 3.3; layers-148.cfg and the notes in layer-params-148.cfg.
    Expected: 42.0% top-1 and 19.4% top-5 error on the validation pictures of 2012 with ten views (0.420340 and
    0.193620 in layer-params-148.cfg, line 148): 1.4 and 1.2 points above normalised responses.
    Measured here: not yet; ImageNet has not been trained with it.
    """
    network = AsTrained(normalization=False)
    return _by_hand("no-normalisation", network, drops=(22, 44, 86), low=69, frozen=73, plain=69, epochs=97)


def pretrained_six_layer() -> Recipe:
    """Go on from a network of more classes: six convolutional layers, a new last layer (table 2, 1 CNN*).

    It wants weights to start from, `--from RUN`: in the source those of the whole Fall 2011 release, 15
    million pictures of 21,841 classes; layers that do not fit begin anew.
    Source: section 6; layers-146-2012-2011.cfg and the notes in layer-params-146-2012-2011.cfg: rates 0.001,
    conv1 0.0001, 0.00001 after epoch 5 and 0 after 7; the last layer 0.01 from 300 batches of 1,024 pictures on
    and until epoch 9; all but conv1 divided by 10 after 22 and 42; colours as they are after 38; stopped at 54.
    Expected: 39.0% top-1 and 16.6% top-5 error on the validation pictures of 2012 with ten views (0.389900 and
    0.166220 in layer-params-146-2012-2011.cfg, line 195).
    Measured here: not yet; ImageNet has not been trained with it.
    """
    rates = LayerHyperparameters(weight=0.001, bias=0.02, bias_schedule=CONSTANT)
    first = LayerHyperparameters(weight=0.0001, bias=0.02, weight_schedule=CONSTANT, bias_schedule=CONSTANT)
    return Recipe(
        "pretrained-six-layer",
        network=SixLayer(),
        augmentation=COLOUR,
        training=Training(
            epochs=54,
            rates=rates,
            stages={"conv1": first, "fc8": rates},
            schedule=Schedule(kind="steps", epochs=(22, 42)),
        ),
        changes=(
            Change(0.24, "training.stages.fc8.weight", 0.01),
            Change(5, "training.stages.conv1.weight", 0.00001),
            Change(7, "training.stages.conv1.weight", 0.0),
            Change(7, "training.stages.conv1.bias", 0.0),
            Change(9, "training.stages.fc8.weight", 0.001),
            Change(38, "augmentation.colour", 0.0),
        ),
    )


def _by_hand(
    name: str,
    network: Architecture,
    *,
    drops: tuple[float, ...],
    low: float | None,
    frozen: float,
    plain: float | None,
    epochs: float,
) -> Recipe:
    """Return a run that was steered by hand.

    Args:
        drops: epochs after which the rates of weights are divided by 10.
        low: the epoch after which conv1's is divided once more than the others'.
        frozen: the epoch after which conv1 stays as it is.
        plain: the epoch after which colours are no longer shifted.
    """
    earlier = tuple(epoch for epoch in drops if epoch < frozen)
    steps = tuple(sorted((*earlier, low))) if low is not None else earlier
    first = LayerHyperparameters(
        bias=0.02, weight_schedule=Schedule(kind="steps", epochs=steps), bias_schedule=CONSTANT
    )
    changes = [
        Change(frozen, "training.stages.conv1.weight", 0.0),
        Change(frozen, "training.stages.conv1.bias", 0.0),
    ]
    if plain is not None:
        changes.append(Change(plain, "augmentation.colour", 0.0))
    return Recipe(
        name,
        network=network,
        augmentation=COLOUR,
        training=Training(
            epochs=epochs,
            rates=LayerHyperparameters(bias=0.02, bias_schedule=CONSTANT),
            stages={"conv1": first},
            schedule=Schedule(kind="steps", epochs=drops),
        ),
        changes=tuple(sorted(changes, key=lambda change: change.epoch)),
    )
