"""Figure 1: ReLU against tanh."""

from typing import Final

from alexnet.claims.claim import EVERY, Arm, Claim, Contrast, Training
from alexnet.claims.measures import EpochsTo

_LIMIT: Final = 0.25


def _arm(name: str, recipe: str, rates: tuple[float, ...], epochs: float) -> Arm:
    trainings = tuple(
        Training(
            f"{recipe}-{rate:g}",
            recipe,
            epochs,
            {"training.rates.weight": rate, "training.rates.bias": rate},
            until=_LIMIT,
        )
        for rate in rates
    )
    said = " and ".join(f"{rate:g}" for rate in rates)
    return Arm(name, f"{name}, the better of the rates {said}", trainings, EpochsTo(_LIMIT))


FIGURE_1: Final = Claim(
    name="figure-1",
    title="ReLU learns several times faster than tanh",
    paper="Section 3.1, figure 1: a four-layer convolutional network with ReLUs reaches a training error of 25% on "
    "CIFAR-10 six times faster than the same network with tanh neurons; no regularisation, rates chosen for each to "
    "make training as fast as possible.",
    experiment="The network figure-1 (3 convolutional layers of 32, 32 and 64 filters of 5 x 5, and 1 fully "
    "connected), no decay, no varied pictures, batches of 128, constant rates, the sooner of two for each; it ends "
    "when the training error of an epoch is 25%. The figure is the ratio of epochs, tanh over ReLU.",
    agreement="Tanh takes at least 3 times as many epochs as ReLU.",
    disagreement="Tanh takes less than 3 times as many.",
    arms=(
        _arm("relu", "figure-1", (0.002, 0.004), 20.0),
        _arm("tanh", "figure-1-tanh", (0.006, 0.012), 40.0),
    ),
    contrasts=(
        Contrast(
            "epochs to 25% training error, tanh over ReLU",
            {"tanh": 1.0, "relu": 1.0},
            agrees=(3.0, EVERY),
            published="6",
            ratio=True,
        ),
    ),
    seeds=3,
    plot="curves",
)
