"""Section 1: what convolution assumes of pictures, each assumption given up."""

from typing import Any, Final

from alexnet.claims.claim import Arm, Claim, Contrast, Training
from alexnet.claims.measures import TestError

PARTS: Final = {0.01: 100.0, 0.05: 40.0, 0.2: 20.0, 1.0: 8.0}
"""Parts of the training pictures, and the epochs of each."""
_FILTERS: Final = {"network.filters": "16,32,32", "network.window": 3}
KINDS: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {
    "convolutional": ("convolutional", "four-layer", {**_FILTERS, "training.rates.weight": 0.02}),
    "local": (
        "locally connected, weights not shared",
        "four-layer",
        {**_FILTERS, "network.shared_weights": False, "training.rates.weight": 0.02},
    ),
    "full": (
        "fully connected, of as many multiply-adds",
        "mlp",
        {"network.units": "720", "training.rates.weight": 0.03},
    ),
    "full-small": (
        "fully connected, of as many weights",
        "mlp",
        {"network.units": "6", "training.rates.weight": 0.03},
    ),
}
"""Words, network and settings of each kind."""
_PLAIN: Final[dict[str, Any]] = {
    "augmentation.mirror": False,
    "training.rates.decay": 0.0005,
    "training.schedule.kind": "cosine",
}


def _arm(kind: str, part: float, *, permuted: bool = False) -> Arm:
    words, network, settings = KINDS[kind]
    name = f"{kind}-{part:.0%}{'-permuted' if permuted else ''}".replace("%", "pct")
    training = Training(
        f"assumptions-{name}",
        recipe="figure-1",
        network=network,
        epochs=PARTS[part],
        settings={**_PLAIN, **settings, "training.rates.bias": settings["training.rates.weight"]},
        part=part,
        permuted=permuted,
    )
    said = f"{words}, {part:.0%} of the pictures{', permuted' if permuted else ''}"
    return Arm(name, said, (training,), TestError())


ASSUMPTIONS: Final = Claim(
    name="assumptions-of-convolution",
    title="The two assumptions of convolution",
    paper="Section 1: convolutional networks make strong and mostly correct assumptions about the nature of images "
    "(namely, stationarity of statistics and locality of pixel dependencies); compared to feedforward networks with "
    "layers of similar size they have much fewer connections and parameters, and are easier to train. No figure is "
    "given.",
    experiment="Four layers (3 convolutional of 16, 32 and 32 filters of 3 x 3, each with a pool, and 1 fully "
    "connected) on CIFAR-10; the same without shared weights; one hidden layer of as many multiply-adds (720 units) "
    "and of as many weights (6 units). Whole pictures without crops or mirrors, batches of 128, a rate that falls as "
    "a cosine, as many epochs for each kind: 100, 40, 20 and 8 of 1, 5, 20 and 100% of the training pictures. "
    "Convolutional and fully connected also with all pictures under one permutation of their pixels.",
    agreement="The convolutional network's error is below that of both fully-connected ones at every size; under the "
    "permutation it loses at least half of its advantage at 100%, and the fully-connected one changes by less than 2 "
    "points; without shared weights the error is above the convolutional one's at every size.",
    disagreement="A fully-connected network or one without shared weights is as good or better, or the advantage "
    "outlives the permutation, which destroys what is local.",
    arms=tuple(
        arm
        for part in PARTS
        for arm in (
            *(_arm(kind, part) for kind in KINDS),
            *(_arm(kind, part, permuted=True) for kind in ("convolutional", "full")),
        )
    ),
    contrasts=(
        *(
            Contrast(
                f"(a) {KINDS[kind][0]} minus convolutional, {part:.0%} of the pictures",
                {
                    f"{kind}-{part:.0%}".replace("%", "pct"): 1.0,
                    f"convolutional-{part:.0%}".replace("%", "pct"): -1.0,
                },
            )
            for kind in ("full", "full-small")
            for part in (1.0, 0.2, 0.05, 0.01)
        ),
        Contrast(
            "(b) half of the advantage, minus what the permutation leaves of it",
            {
                "full-100pct": 0.5,
                "convolutional-100pct": -0.5,
                "full-100pct-permuted": -1.0,
                "convolutional-100pct-permuted": 1.0,
            },
        ),
        Contrast(
            "(b) fully connected, permuted minus as they are",
            {"full-100pct-permuted": 1.0, "full-100pct": -1.0},
            agrees=(-0.02, 0.02),
        ),
        *(
            Contrast(
                f"(c) without shared weights minus with, {part:.0%} of the pictures",
                {
                    f"local-{part:.0%}".replace("%", "pct"): 1.0,
                    f"convolutional-{part:.0%}".replace("%", "pct"): -1.0,
                },
            )
            for part in (1.0, 0.2, 0.05, 0.01)
        ),
    ),
    plot="sizes",
)
