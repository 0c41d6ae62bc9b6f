"""A trained network with its classes, ready to answer about pictures."""

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import final

import numpy as np
import torch
from torch import Tensor

from alexnet.checkpoint import Checkpoint
from alexnet.data.workers.decoders import Decoders
from alexnet.errors import DataError
from alexnet.inference.batches import Decoded, batches, decoding
from alexnet.inference.features import (
    LAST_HIDDEN,
    FeatureSettings,
    feature_settings,
    last_hidden_stage,
    stage_features,
)
from alexnet.inference.inputs.named import NamedPicture
from alexnet.inference.pictures import Picture, listed, name_of, squared
from alexnet.inference.results import Prediction, Result, best_classes, class_count
from alexnet.inference.views import (
    Views,
    check_views,
    not_finite,
    pictures_at_once,
    view_probabilities,
)
from alexnet.networks.fusion import hooked
from alexnet.networks.inference import optimized_for_inference, weights_version
from alexnet.networks.network import Network


@final
class Classifier:
    """A network, its classes, and the preparation that its pictures had.

    Args:
        found: a checkpoint, which holds all three.
        source: where it came from, for messages.
        device: where it answers.
    Raises:
        CheckpointError: its weights are not all finite.
    """

    def __init__(
        self,
        found: Checkpoint,
        source: str,
        *,
        device: torch.device = torch.device("cpu"),  # noqa: B008  # a value, and never changed
    ) -> None:
        self.network: Network = found.network().to(device)
        self.classes: tuple[str, ...] = found.classes
        self.words: tuple[str, ...] = found.words
        self.side: int = found.side
        """Height and width of its training pictures, in pixels; its views are cut out of such."""
        self.source = source
        self._ready: tuple[Network, object] | None = None

    def __getstate__(self) -> dict[str, object]:
        """Return what another process needs: the network made ready to answer is made there."""
        return {**self.__dict__, "_ready": None}

    def __repr__(self) -> str:
        kind, side = self.network.architecture.kind, self.network.architecture.side
        pictures = f"pictures of {self.side}x{self.side}, views of {side}x{side}"
        device = f", on {self.network.device}" if self.network.device.type != "cpu" else ""
        return f"Classifier({kind}, {len(self.classes):,} classes, {pictures}{device}, from {self.source!r})"

    def predict(
        self, images: Picture | Iterable[Picture], top: int = 5, *, views: Views = 1
    ) -> list[list[Prediction]]:
        """Name the best classes of pictures.

        Args:
            images: one picture or several: paths, bytes or open files of pictures, PIL images, or pixels as arrays
                or tensors (`alexnet.inference.pictures.pixels_of` says of which shapes and ranges).
            top: how many classes, from 1; no more than there are.
            views: 1, the centre; 5, corners and centre, or 10, with their mirrors, averaged (section 4.1); or "dense",
                the network run over the whole picture.
        Returns:
            for each picture its classes, the best first.
        Raises:
            DataError: a picture cannot be read; the message names it.
            DivergedError: a logit is not finite; the message names the picture and the stage.
            RecipeError: so many views are not cut, the network cannot run over a whole picture, or no class is asked
                for.
            ValueError: there is no picture, or the meaning of its pixels is not certain.
            TypeError: something that is no picture, or a number that is not whole.
        """
        top = class_count(top)
        return best_classes(self.probabilities(images, views=views), self.classes, self.words, top)

    def predict_stream(
        self,
        images: Iterable[NamedPicture | Picture],
        top: int = 5,
        *,
        views: Views = 1,
        threshold: float = 0.0,
        decoders: Decoders | None = None,
    ) -> Iterator[Result]:
        """Name the best classes of any number of pictures, as they come: in their order, and in the memory of a few.

        Pictures are decoded ahead in threads, or in other processes, while the network is at those before. One that
        cannot be read costs no other its result.

        Args:
            images: as `predict` takes them, or as `alexnet.pictures` finds them; taken in a thread of their own.
            top: how many classes, from 1; no more than there are.
            views: as `predict` has them.
            threshold: classes that are less probable are left out, 0 to 1.
            decoders: processes that decode files and bytes, where a picture may be hostile: one that brings its decoder
                down then has an error like any other. They stay the caller's.
        Yields:
            for each picture its best classes, or why it could not be read.
        Raises:
            DivergedError, RecipeError, ValueError, TypeError: as `predict`; and whatever `images` raise.
        """
        top, size = class_count(top), pictures_at_once(self.network, self.side, check_views(views))
        network = self.inference_network()
        with decoding(self.side, decoders) as decode:
            for batch in batches(images, size, decode):
                yield from self._results(network, batch, top, views, threshold)

    def _results(
        self, network: Network, batch: list[Decoded], top: int, views: Views, threshold: float
    ) -> Iterator[Result]:
        """Yield what is said of the pictures of a batch."""
        squares = [one.square for one in batch if not isinstance(one.square, DataError)]
        names = [one.source.name for one in batch if not isinstance(one.square, DataError)]
        found: Iterator[list[Prediction]] = iter(())
        if squares:
            probabilities = self._probabilities(network, self._stacked(squares), names, views)
            found = iter(best_classes(probabilities, self.classes, self.words, top))
        for one in batch:
            if isinstance(one.square, DataError):
                if not (one.source.fleeting and not os.path.lexists(one.source.name)):
                    yield Result(one.source, error=one.square)
                continue
            predictions = next(found)
            yield Result(one.source, tuple(each for each in predictions if each.probability >= threshold))

    def probabilities(self, images: Picture | Iterable[Picture], *, views: Views = 1) -> Tensor:
        """Compute the probability of every class for each picture.

        Args:
            images: one picture or several, as `predict` takes them.
            views: as `predict` takes them.
        Returns:
            float32, (N, K), in the order of `classes`; rows sum to 1; on the processor.
        Raises:
            as `predict`.
        """
        size = pictures_at_once(self.network, self.side, check_views(views))
        given, network = listed(images), self.inference_network()
        return torch.cat(
            [
                self._probabilities(
                    network, self._pixels(given, rows), [_name(given, row) for row in rows], views
                )
                for rows in _parts(len(given), size)
            ]
        )

    def features(
        self,
        images: Picture | Iterable[Picture],
        stage: str = LAST_HIDDEN,
        *,
        views: int = 1,
        pooled: bool = False,
    ) -> Tensor:
        """Compute what a stage gives for each picture.

        Args:
            images: one picture or several, as `predict` takes them.
            stage: the name of a stage; left out, the last hidden layer: see `last_hidden_stage`.
            views: 1, the centre; 5 or 10, over which the stage's values are averaged.
            pooled: average each map over its rows and columns.
        Returns:
            float32, (N, U) for a fully-connected stage, (N, C, H, W) for a map stage, (N, C) where that is pooled; on
            the processor.
        Raises:
            RecipeError: the network has no such stage, such views are not cut, or whole maps of several are asked for.
            DataError: a picture cannot be read.
            ValueError: there is no picture, or the meaning of its pixels is not certain.
            TypeError: something that is no picture.
        """
        return torch.cat(
            list(self.stream_features(listed(images), stage, views=views, pooled=pooled))
        )  # out of inference mode: a tensor that a graph may begin with

    def stream_features(
        self,
        images: Iterable[Picture],
        stage: str = LAST_HIDDEN,
        *,
        views: int = 1,
        pooled: bool = False,
    ) -> Iterator[Tensor]:
        """Compute the same for any number of pictures in the memory of a few: each is taken when its turn comes.

        Args:
            images, stage, views, pooled: as `features` takes them.
        Returns:
            what `features` would return, some pictures at a time, in their order.
        Raises:
            as `features` does, when the stage is asked for, or when a picture's turn comes.
        """
        settings = feature_settings(self.network, stage, views=views, pooled=pooled)
        size = pictures_at_once(self.network, self.side, settings.views)
        return self._stream(iter(images), settings, size)

    def _stream(self, images: Iterator[Picture], settings: FeatureSettings, size: int) -> Iterator[Tensor]:
        first = 0
        while given := list(itertools.islice(images, size)):
            pixels = self._pixels(given, range(len(given)), first)
            network = self.inference_network()
            yield stage_features(network, pixels.to(network.device, non_blocking=True), settings).cpu()
            first += len(given)

    @property
    def last_hidden_stage(self) -> str:
        """The name of the stage that the last layer with weights reads, dropout aside.

        fc7 of the paper's network, whose 4096 values are the features of section 6.1; pool3 of cifar-18pct.

        Raises:
            RecipeError: the network has no hidden layer.
        """
        return last_hidden_stage(self.network)

    def pixels(self, images: Picture | Iterable[Picture]) -> Tensor:
        """Prepare pictures as the training pictures were: shorter side scaled, central square cut out.

        Args:
            images: one picture or several, as `predict` takes them.
        Returns:
            uint8 RGB, (N, 3, S, S), S the classifier's `side`.
        Raises:
            DataError: a picture cannot be read; the message names it.
            ValueError: there is no picture, or the meaning of its pixels is not certain.
            TypeError: something that is no picture.
        """
        given = listed(images)
        return self._pixels(given, range(len(given)))

    def _pixels(self, given: list[Picture], rows: range, first: int = 0) -> Tensor:
        """Prepare some of the pictures given, in memory that a CUDA device can fetch from where it is to.

        `first`: what number the first picture given has, for messages.
        """
        return self._stacked([squared(given[row], self.side, _name(given, row, first)) for row in rows])

    def _stacked(self, squares: list[np.ndarray]) -> Tensor:
        """Return squares as one tensor."""
        pixels = torch.from_numpy(np.stack(squares))
        return pixels.pin_memory() if self.network.device.type == "cuda" else pixels

    def _probabilities(self, network: Network, part: Tensor, names: list[str], views: Views) -> Tensor:
        """Return the probabilities of some pictures, uint8 (N, 3, S, S): float32, (N, K), on the processor."""
        found = view_probabilities(network, part, views).cpu()
        if wrong := found.isnan().any(1).nonzero().flatten().tolist():
            raise not_finite(self.network, part[wrong[:1]], views, self.source, names[wrong[0]])
        return found

    def inference_network(self) -> Network:
        """Return the network made ready to answer, anew where its weights have changed.

        It is the network itself on another device than the processor, and where modules of it have hooks.
        """
        if self.network.device.type != "cpu" or any(map(hooked, self.network.modules())):
            return self.network.eval()
        current = weights_version(self.network)
        if self._ready is None or self._ready[1] != current:
            self._ready = (optimized_for_inference(self.network), current)
        return self._ready[0]


def _name(given: list[Picture], row: int, first: int = 0) -> str:
    """Return what a picture of several is called in messages."""
    return name_of(given[row], f"images[{first + row}]")


def _parts(count: int, size: int) -> Iterator[range]:
    """Yield the rows that go through the network at once: any number of pictures takes the same memory."""
    return (range(start, min(start + size, count)) for start in range(0, count, size))
