"""What was seen of a run that its user can act on: a few sentences, each with a command."""

import shlex
from collections.abc import Sequence
from typing import Final

import numpy as np

from alexnet.data.dataset import Dataset
from alexnet.data.split import Split
from alexnet.networks.network import Network
from alexnet.runs.journal import Row
from alexnet.runs.run import Run
from alexnet.training.learning_curve import expected_with_twice
from alexnet.training.linear_probe import features_of
from alexnet.training.mislabelled import likely_mislabelled

SENTENCES: Final = 3
"""At most."""
LARGEST: Final = 5_000
"""Training pictures beyond which they are not looked at one by one after a run: `alexnet check --run` does."""
_OVERFITTING: Final = 0.15  # of the validation error over the training error
_RARE: Final = 5.0  # times the pictures of a class that the usual class has
_WAIT: Final = 0.25  # of the epochs without a better error, after which more of them will not help


def advice(run: Run, dataset: Dataset, data: str, network: Network) -> list[str]:
    """Return what can be done to get a better classifier, the most useful first.

    Args:
        run: that has ended.
        dataset: what it was trained on.
        data: how the data were named, for commands.
        network: whose features the pictures are looked at by; best one that has not seen their labels.
    Returns:
        at most three sentences, each with a command.
    """
    found = [_twice_there(dataset, data)]
    split = dataset.split("train")
    if len(split) <= LARGEST:
        found.append(_mislabelled(network, split, run, data))
    found += [_rare(split), _curves(run.history, data)]
    if len(split) <= LARGEST:
        found.append(_more(network, split))
    return [sentence for sentence in found if sentence][:SENTENCES]


def _twice_there(dataset: Dataset, data: str) -> str:
    """Say which validation pictures are training pictures too."""
    if (
        "validation" not in dataset.splits
        or sum(len(dataset.split(name)) for name in dataset.splits) > LARGEST
    ):
        return ""
    seen = {_pixels(dataset.split("train"), number) for number in range(len(dataset.split("train")))}
    held = dataset.split("validation")
    twice = [number for number in range(len(held)) if _pixels(held, number) in seen]
    if not twice:
        return ""
    return (
        f"{_counted(len(twice), 'validation picture')} are among the training pictures too, {held.name_of(twice[0])} "
        f"first, so that the validation error is too low: {_command('check', data)} names them"
    )


def _mislabelled(network: Network, split: Split, run: Run, data: str) -> str:
    suspects, _ = likely_mislabelled(network, split)
    if not suspects:
        return ""
    first = suspects[0]
    return (
        f"{_counted(len(suspects), 'training picture')} may be mislabelled, {first.name} first, which looks like "
        f"{first.predicted} ({first.probability:.0%}): {_command('check', data, '--run', str(run.path))} names them"
    )


def _rare(split: Split) -> str:
    """Say which class lacks pictures."""
    counts = np.bincount(split.labels, minlength=len(split.classes))
    usual, least = float(np.median(counts)), int(counts.argmin())
    if counts[least] * _RARE >= usual:
        return ""
    return (
        f"class {split.classes[least]} has {_counted(int(counts[least]), 'training picture')}, the usual class "
        f"{usual:.0f}: more of it would help most"
    )


def _curves(rows: Sequence[Row], data: str) -> str:
    """Say whether the run was too short, or has learned its pictures by heart."""
    errors = [(row["epoch"], row["validation_top1_error"]) for row in rows if "validation_top1_error" in row]
    if len(errors) < 4 or min(error for _, error in errors) == 0:
        return ""
    epochs, best = errors[-1][0], min(errors, key=lambda pair: (pair[1], pair[0]))
    excess = errors[-1][1] - float(rows[-1]["training_top1_error"])
    if best[0] >= epochs and errors[-1][1] < errors[-3][1]:
        longer = _command("train", data, "--epochs", f"{2 * max(epochs, 1):g}")
        return f"the validation error was still falling at the end: {longer} may give a lower one"
    if excess > _OVERFITTING:
        return (
            f"the training error is {excess:.0%} below the validation error, so that pictures were learned by heart: "
            "more pictures help, more epochs do not; --set training.rates.decay=0.005 holds weights smaller"
        )
    if best[0] < epochs * (1 - _WAIT):
        return f"nothing got better after epoch {best[0]:g}: more epochs would not help, more pictures may"
    return ""


def _more(network: Network, split: Split) -> str:
    """Say what twice the pictures would give."""
    stage = network.stages[-1].inputs[0]
    features, labels, _ = features_of(network, split, stage, 1)
    expected = expected_with_twice(features, labels, len(split.classes), penalty=1.0)
    if expected is None:
        return ""
    return (
        f"with twice the pictures, {expected.pictures:,}, an error of about {expected.error:.0%} "
        f"({expected.low:.0%} to {expected.high:.0%}) is expected of the last layer"
    )


def _pixels(split: Split, number: int) -> bytes:
    images, _ = split.read(np.array([number]))
    return images.numpy().tobytes()


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _command(*words: str) -> str:
    return shlex.join(["alexnet", *words])
