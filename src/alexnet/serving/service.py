"""The service itself: pictures in, classes out, within a deadline; it knows no HTTP.

Shapes: H rows, W columns, S the side of a prepared picture, K classes.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar, final

import numpy as np
import torch

from alexnet.cpu import cores
from alexnet.errors import AlexNetError, DataError, RecipeError, SearchError, choices
from alexnet.inference.results import Prediction
from alexnet.inference.views import Views
from alexnet.serving.batcher import Batch, Batcher, Lane
from alexnet.serving.decoding.pool import DecodingPool, Encoded
from alexnet.serving.metrics import Metrics
from alexnet.serving.models import Explanation, Model, load_model, named
from alexnet.serving.refusals import Refusal, unreadable
from alexnet.serving.settings import Limits
from alexnet.serving.similar import SimilarPictures

PENDING_BYTES: Final = 256 * 2**20
"""Of squares that wait, at most."""
T = TypeVar("T")


class Index(Protocol):
    """Pictures by their features, to be searched."""

    stage: str
    """Whose values they are found by."""
    network: str
    """`Network.digest` of the network that gave them."""

    def query(self, vectors: np.ndarray, k: int) -> list[list[tuple[str, float]]]:
        """Return for each vector, float32 (N, U), the names of the k nearest pictures and their distances."""


@final
@dataclass(frozen=True)
class Settings:
    """What is served, and how."""

    runs: tuple[str, ...]
    """Runs, checkpoints or names of weights, as `models.named` takes them."""
    device: str = "cpu"
    views: Views = 1
    limits: Limits = field(default_factory=Limits)
    decoders: int | None = None
    """Processes that decode; left out, one for each core."""
    index: Path | None = None
    """The folder of an index of the first network's features: what similar pictures are found in."""


@final
class Service:
    """Networks, the processes that decode for them, and the thread that runs them.

    Args:
        settings: what is served, and how.
        metrics: where it counts.
        index: pictures to find similar ones among, of the first network's features; that of the settings comes first.
    """

    def __init__(
        self, settings: Settings, metrics: Metrics | None = None, index: Index | None = None
    ) -> None:
        self.settings, self.limits, self.index = settings, settings.limits, index
        if settings.index is not None:
            self.index = SimilarPictures.open(settings.index)
        self.metrics = metrics or Metrics()
        self.sources = named(settings.runs)
        self.models: dict[str, Model] = {}
        self.pool = DecodingPool(
            settings.decoders or cores(),
            self.limits.decoder_bytes,
            self.limits.decoder_seconds,
            lambda: self.metrics.add("decoder_restarts_total"),
        )
        self.batcher: Batcher
        self.last_answer = float("-inf")
        """When a batch last came out of a network, by the monotonic clock."""
        self.last_batch_failed = False

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Service"]:
        """Start decoding processes, load and measure the networks; end all of it after the block.

        Raises:
            AlexNetError: a network cannot be loaded.
        """
        self.batcher = Batcher(self.limits.latency_seconds, self._count)
        loop = asyncio.create_task(self.batcher.serve())
        try:
            await self.pool.start()
            for name in self.sources:
                self.models[name] = await self.load(name)
            if self.index is not None and self.index.network != self.model().digest:
                raise SearchError(
                    f"the index was made with another network than `{self.model().name}`, the first that is served: "
                    "name that one first, or build the index again"
                )
            largest = max(3 * model.classifier.side**2 for model in self.models.values())
            self.batcher.most = max(self.limits.images, PENDING_BYTES // largest)
            yield self
        finally:
            loop.cancel()
            await asyncio.wait([loop])
            self.batcher.close()
            self.pool.close()

    async def load(self, name: str) -> Model:
        """Load a network anew and measure it, beside the one that is served under its name.

        Raises:
            AlexNetError: it cannot be loaded, or gives no finite numbers.
        """
        return await load_model(
            name,
            self.sources[name],
            self.batcher,
            device=self.settings.device,
            views=self.settings.views,
            latency_seconds=self.limits.latency_seconds,
        )

    def model(self, name: str | None = None) -> Model:
        """Return a network by its name; without one the first.

        Raises:
            Refusal: there is none of this name.
        """
        if name is None:
            return next(iter(self.models.values()))
        if name not in self.models:
            raise Refusal("model.unknown", f"`{name[:80]}` is not served here; {choices(name, self.models)}")
        return self.models[name]

    async def probabilities(self, model: Model, pictures: Sequence[Encoded]) -> list[np.ndarray | Refusal]:
        """Return for each picture its class probabilities, float32 (K,), or why there are none.

        Args:
            model: the network.
            pictures: files, or raw pixels, uint8 RGB (H, W, 3).
        Raises:
            Refusal: of all of them: too many, no room, or not done in time.
        """
        return await self._all(model, model.probabilities, pictures)

    async def predict(
        self, model: Model, pictures: Sequence[Encoded], top: int
    ) -> list[list[Prediction] | Refusal]:
        """Return for each picture its best classes, the best first, or why there are none.

        Args, Raises: as `probabilities`; and how many classes at most.
        """
        found = await self.probabilities(model, pictures)
        return [each if isinstance(each, Refusal) else best(model, each, top) for each in found]

    async def features(
        self, model: Model, pictures: Sequence[Encoded], stage: str | None
    ) -> list[np.ndarray | Refusal]:
        """Return for each picture what a stage gives for its centre, float32, or why there is nothing.

        Args, Raises: as `probabilities`; without a stage it is the last hidden one.
        """
        try:
            lane = model.features(stage or model.classifier.last_hidden_stage)
        except RecipeError as error:
            raise Refusal("stage.unknown", str(error)) from None
        return await self._all(model, lane, pictures)

    async def explain(self, model: Model, picture: Encoded) -> Explanation:
        """Return where in a picture its best class comes from.

        Raises:
            Refusal: as `probabilities`; the picture cannot be decoded, or the network has no maps.
        """
        try:
            (found,) = await self._all(model, model.explanations, [picture])
        except RecipeError as error:
            raise Refusal("stage.unknown", str(error)) from None
        if isinstance(found, Refusal):
            raise found
        explanation: Explanation = found
        return explanation

    async def similar(self, pictures: Sequence[Encoded], k: int) -> list[list[tuple[str, float]] | Refusal]:
        """Return for each picture the names of the most similar ones of the index, and their distances.

        Raises:
            Refusal: as `probabilities`; there is no index, or the network has been replaced since it was built.
        """
        if self.index is None:
            raise Refusal("index.absent", "no index is served here: start it with --index")
        index, model = self.index, self.model()
        if index.network != model.digest:
            raise Refusal(
                "index.outdated", f"`{model.name}` is another network than the index was built with"
            )
        found = await self.features(model, pictures, index.stage)
        rows = [row for row, each in enumerate(found) if not isinstance(each, Refusal)]
        answers: list[list[tuple[str, float]] | Refusal] = [
            each if isinstance(each, Refusal) else [] for each in found
        ]
        if rows:
            values = [each for each in found if not isinstance(each, Refusal)]
            vectors = np.stack(values).reshape(len(rows), -1)
            for row, near in zip(rows, await asyncio.to_thread(index.query, vectors, k), strict=True):
                answers[row] = near
        return answers

    async def within(self, answer: Awaitable[T]) -> T:
        """Wait for an answer until its deadline.

        Raises:
            Refusal: it is not there in time.
        """
        try:
            async with asyncio.timeout(self.limits.request_seconds):
                return await answer
        except TimeoutError:
            raise Refusal(
                "deadline",
                f"not answered within {self.limits.request_seconds:g} s: come again",
                retry_seconds=1,
            ) from None

    async def _all(self, model: Model, lane: Lane, pictures: Sequence[Encoded]) -> list[Any]:
        """Return for each picture what a lane gives for it, or a refusal of that picture alone."""
        if not pictures:
            raise Refusal("request.empty", "no picture came with the request")
        if len(pictures) > self.limits.images:
            raise Refusal(
                "request.too-many",
                f"{len(pictures)} pictures in one request: at most {self.limits.images} are taken",
            )
        with self.batcher.admitted(lane, len(pictures)):
            self.metrics.set("pending_images", self.batcher.pending)
            try:
                found = await self.within(
                    asyncio.gather(*(self._one(model, lane, picture) for picture in pictures))
                )
            finally:
                self.metrics.set("pending_images", self.batcher.pending - len(pictures))
        failed = [each for each in found if isinstance(each, Refusal)]
        self.metrics.add("images_total", len(found) - len(failed), outcome="answered")
        self.metrics.add("images_total", len(failed), outcome="unreadable")
        return list(found)

    async def _one(self, model: Model, lane: Lane, picture: Encoded) -> Any:
        side = model.classifier.side
        try:
            square = await self.pool.decode(picture, side, self.limits.pixels)
        except DataError as error:
            return unreadable(error)
        try:
            return await self.batcher.run(lane, square)
        except Refusal as refusal:
            return refusal
        except RecipeError:
            raise
        except AlexNetError as error:
            return Refusal("network.not-finite", str(error))

    def _count(self, batch: Batch) -> None:
        self.last_batch_failed = batch.failed
        if not batch.failed:
            self.last_answer = time.monotonic()
        self.metrics.observe("batch_size", batch.size)
        self.metrics.add("queue_seconds_total", batch.queue_seconds)
        self.metrics.add("compute_seconds_total", batch.compute_seconds)
        self.metrics.add("batch_failures_total", float(batch.failed))


def best(model: Model, probabilities: np.ndarray, top: int) -> list[Prediction]:
    """Return the best classes of a picture, as `Classifier.predict` orders them.

    Args:
        model: whose classes they are.
        probabilities: float32, (K,).
        top: how many at most.
    """
    classifier = model.classifier
    found = torch.from_numpy(probabilities).topk(min(top, len(classifier.classes)))
    return [
        Prediction(classifier.classes[k], classifier.words[k], p)
        for p, k in zip(found.values.tolist(), found.indices.tolist(), strict=True)
    ]
