"""Pictures with the classes that a network names first, the true one marked: figure 4 of the paper, left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from alexnet import randomness
from alexnet.canvas import Canvas, Picture, Rectangle, Text
from alexnet.data.batches import batches
from alexnet.data.dataset import Dataset
from alexnet.data.views import center_view
from alexnet.errors import DataError
from alexnet.inference.classifier import Classifier
from alexnet.inference.views import view_probabilities

BATCH: Final = 128


@final
@dataclass(frozen=True)
class Answer:
    """What a network says of a picture whose class is known."""

    index: int
    """Of the picture in the split."""
    label: str
    """Its class."""
    classes: tuple[str, ...]
    """The best classes, the best first."""
    probabilities: tuple[float, ...]
    """Theirs, as fractions."""


def answers(
    classifier: Classifier,
    dataset: Dataset,
    split: str,
    *,
    count: int = 8,
    best: int = 5,
    mistakes: bool = False,
    seed: int = 0,
) -> list[Answer]:
    """Ask a classifier about pictures of a split, drawn at random.

    Args:
        classifier: whose classes include those of the data.
        dataset, split: the pictures.
        count: how many pictures; fewer where there are no more, or no more mistakes.
        best: how many classes of each.
        mistakes: only pictures whose best class is not theirs.
        seed: of the draw.
    Raises:
        DataError: no such split, or a class that the classifier does not know.
    """
    unknown = set(dataset.classes) - set(classifier.classes)
    if unknown:
        raise DataError(
            f"{dataset.name} has classes that the network does not know: {', '.join(sorted(unknown)[:3])}"
        )
    pictures, found = dataset.split(split), list[Answer]()
    order = randomness.order(seed, 0, len(pictures))
    for batch in batches(pictures, order, BATCH if mistakes else min(BATCH, max(1, count))):
        (part,) = batch.micro_batches
        probabilities = view_probabilities(classifier.network, part.images, 1).cpu()
        top = probabilities.topk(min(best, len(classifier.classes)), dim=1)
        for row, index in enumerate(part.indices.tolist()):
            label = dataset.classes[int(part.labels[row])]
            names = tuple(classifier.classes[k] for k in top.indices[row].tolist())
            if not mistakes or names[0] != label:
                found.append(Answer(index, label, names, tuple(top.values[row].tolist())))
        if len(found) >= count:
            break
    return found[:count]


def predictions(
    classifier: Classifier, dataset: Dataset, split: str, shown: Sequence[Answer], *, columns: int = 4
) -> Canvas:
    """Draw pictures with the classes that were named first as bars, the true one in red.

    Args:
        classifier, dataset, split: as `answers` takes them.
        shown: what it returned.
        columns: pictures in a row.
    Source: Krizhevsky et al. 2012, figure 4 (left); the viewer of the 2012 program, --show-preds.
    """
    words = dict(zip(classifier.classes, classifier.words, strict=True))
    best = max((len(answer.classes) for answer in shown), default=5)
    width, picture, bar = 168.0, 168.0, 16.0
    height = picture + 26 + best * bar
    rows = -(-max(1, len(shown)) // columns)
    canvas = Canvas(
        24 + min(columns, max(1, len(shown))) * (width + 12),
        40 + rows * (height + 16),
        f"{dataset.name}, {split}: {len(shown)} pictures and what the network says of them",
        "Below each its class, and the classes named first, their probabilities as bars; the true one is bold on red.",
    )
    canvas.add_title()
    side, images = classifier.network.architecture.side, dataset.split(split)
    for number, answer in enumerate(shown):
        left, top = 12 + number % columns * (width + 12), 36 + number // columns * (height + 16)
        view = center_view(images.images(np.array([answer.index])), side)[0, 0]
        pixels = view.permute(1, 2, 0).contiguous().numpy()
        canvas.add(Picture(left, top, picture, picture, pixels, smooth=True))
        canvas.add(
            Text(left, top + picture + 15, _short(words.get(answer.label, answer.label), 24), bold=True)
        )
        for row, (name, probability) in enumerate(zip(answer.classes, answer.probabilities, strict=True)):
            y = top + picture + 22 + row * bar
            right = name == answer.label
            canvas.add(Rectangle(left, y, width * probability, bar - 2, "pale-red" if right else "pale-blue"))
            canvas.add(Text(left + 4, y + 10.5, _short(words.get(name, name), 20), size=10.5, bold=right))
            canvas.add(Text(left + width, y + 10.5, f"{probability:.0%}", "quiet", size=10.5, anchor="end"))
    return canvas


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
