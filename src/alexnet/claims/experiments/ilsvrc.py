"""Section 6: tables 1 and 2, for who has the pictures."""

from typing import Final

from alexnet.claims.claim import Arm, Claim, Contrast, Training
from alexnet.claims.measures import TestError

_ONE_2010: Final = Training("ilsvrc-2010", "as-trained", 93.0)
_ONE: Final = Training("ilsvrc-2012", "as-trained", 91.0)
_ALL_2011: Final = Training("fall-2011", "pretrained-six-layer", 90.0, data=1)
_STAR: Final = Training("ilsvrc-2012-after-fall-2011", "pretrained-six-layer", 90.0, start=_ALL_2011)
_POINT: Final = 0.01


def _near(name: str, arm: str, error: float) -> Contrast:
    return Contrast(name, {arm: 1.0}, agrees=(error - _POINT, error + _POINT), published=f"{error:.1%}")


TABLE_1: Final = Claim(
    name="ilsvrc-table-1",
    title="37.5% and 17.0% on ILSVRC-2010",
    paper="Section 6, table 1: top-1 and top-5 test errors of 37.5% and 17.0%; without averaging over ten patches "
    "39.0% and 18.3%.",
    experiment="The recipe as-trained on ILSVRC-2010, 93 epochs, as the winning program was run; ten views and one.",
    agreement="Each error is within 1 point.",
    disagreement="One is further away.",
    arms=(
        Arm("ten-top-1", "ten views, top-1", (_ONE_2010,), TestError(views=10)),
        Arm("ten-top-5", "ten views, top-5", (_ONE_2010,), TestError(views=10, top=5)),
        Arm("one-top-1", "one view, top-1", (_ONE_2010,), TestError()),
        Arm("one-top-5", "one view, top-5", (_ONE_2010,), TestError(top=5)),
    ),
    contrasts=(
        _near("ten views, top-1", "ten-top-1", 0.375),
        _near("ten views, top-5", "ten-top-5", 0.170),
        _near("one view, top-1", "one-top-1", 0.390),
        _near("one view, top-5", "one-top-5", 0.183),
    ),
    data=("ilsvrc-2010",),
    seeds=1,
)

TABLE_2: Final = Claim(
    name="ilsvrc-table-2",
    title="One, five and seven networks on ILSVRC-2012",
    paper="Section 6, table 2: top-1 and top-5 errors on the validation pictures: 1 CNN 40.7% and 18.2%, 5 CNNs 38.1% "
    "and 16.4%, 1 CNN* 39.0% and 16.6%, 7 CNNs* 36.7% and 15.4% (* pre-trained on the whole Fall 2011 release).",
    experiment="The recipe as-trained, five seeds; pretrained-six-layer on the Fall 2011 release and then on "
    "ILSVRC-2012, two seeds; each error and those of the averages, with ten views.",
    agreement="Each error is within 1 point.",
    disagreement="One is further away.",
    arms=tuple(
        Arm(f"{name}-top-{top}", f"{words}, top-{top}", trainings, TestError(views=10, top=top), members)
        for name, words, trainings, members in (
            ("1", "1 CNN", (_ONE,), (1,)),
            ("5", "5 CNNs", (_ONE,), (5,)),
            ("1-star", "1 CNN*", (_STAR,), (1,)),
            ("7-star", "7 CNNs*", (_ONE, _STAR), (5, 2)),
        )
        for top in (1, 5)
    ),
    contrasts=tuple(
        _near(f"{words}, top-{top}", f"{name}-top-{top}", error)
        for name, words, errors in (
            ("1", "1 CNN", (0.407, 0.182)),
            ("5", "5 CNNs", (0.381, 0.164)),
            ("1-star", "1 CNN*", (0.390, 0.166)),
            ("7-star", "7 CNNs*", (0.367, 0.154)),
        )
        for top, error in zip((1, 5), errors, strict=True)
    ),
    data=("ilsvrc-2012", "imagenet-fall-2011"),
    seeds=1,
)
