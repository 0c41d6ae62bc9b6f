"""The service without HTTP: its answers are those of the Python call, each picture's its own."""

import asyncio
from collections.abc import Awaitable, Callable

import hostile
import numpy as np
import pytest

import alexnet
from alexnet.errors import RecipeError
from alexnet.inference.results import Prediction
from alexnet.serving.health import Health
from alexnet.serving.models import named
from alexnet.serving.refusals import Refusal
from alexnet.serving.service import Service, Settings
from served import picture


class Near:
    """An index that finds everybody by the length of its features."""

    stage = "fc6"
    network = alexnet.load("small").network.digest()

    def query(self, vectors: np.ndarray, k: int) -> list[list[tuple[str, float]]]:
        return [[(f"picture {number}", float(np.linalg.norm(row))) for number in range(k)] for row in vectors]


def run(test: Callable[[Service], Awaitable[None]], **options: object) -> None:
    async def whole() -> None:
        service = Service(Settings(("small",), decoders=2), index=Near())
        async with service.running():
            await test(service)

    asyncio.run(whole())


def test_answers_are_those_of_the_python_call() -> None:
    classifier = alexnet.load("small")
    pictures = [picture(seed, kind=kind) for seed in range(4) for kind in ("PNG", "JPEG")]

    async def test(service: Service) -> None:
        model = service.model()
        for mine, theirs in zip(
            await service.predict(model, pictures, 100), classifier.predict(pictures, 100), strict=True
        ):
            assert isinstance(mine, list)
            assert_same(mine, theirs)
        (features,) = await service.features(model, pictures[:1], None)
        assert isinstance(features, np.ndarray)
        assert np.allclose(features, classifier.features(pictures[0])[0].numpy(), atol=1e-4)
        (near,) = await service.similar(pictures[:1], 2)
        assert isinstance(near, list)
        assert [name for name, _ in near] == ["picture 0", "picture 1"]
        assert near[0][1] == pytest.approx(float(np.linalg.norm(features)), rel=1e-4)
        raw = hostile.scene()
        (mine,) = await service.predict(model, [raw], 100)
        assert isinstance(mine, list)
        assert_same(mine, classifier.predict(raw, 100)[0])

    run(test)


def assert_same(mine: list[Prediction], theirs: list[Prediction]) -> None:
    """The best class, and every probability to 1e-5."""
    assert mine[0].name == theirs[0].name
    found = {each.name: each.probability for each in mine}
    assert found == pytest.approx({each.name: each.probability for each in theirs}, abs=1e-5)


def test_many_at_once_are_never_confused_and_a_bad_one_fails_alone() -> None:
    """A hundred requests, each of which knows its own answer; every fifth holds a bad picture."""
    pictures = [picture(seed) for seed in range(10)]

    async def test(service: Service) -> None:
        model = service.model()
        alone = [(await service.predict(model, [content], 1))[0] for content in pictures]
        service.batcher.most, service.batcher._latency = 1000, 1000.0

        async def one(number: int) -> None:
            asked = [pictures[number % 10]] + ([b"no picture"] if number % 5 == 0 else [])
            found = await service.predict(model, asked, 1)
            expected, answer = alone[number % 10], found[0]
            assert isinstance(expected, list)
            assert isinstance(answer, list)
            assert answer[0].name == expected[0].name
            assert answer[0].probability == pytest.approx(expected[0].probability, abs=1e-5)
            for refusal in found[1:]:
                assert isinstance(refusal, Refusal)
                assert refusal.code == "picture.unknown-format"

        await asyncio.gather(*map(one, range(100)))
        assert service.metrics.total("images_total", outcome="unreadable") == 20
        assert service.batcher.pending == 0

    run(test)


def test_where_an_answer_comes_from_is_a_picture() -> None:
    async def test(service: Service) -> None:
        found = await service.explain(service.model(), picture(3))
        assert found.address.startswith("data:image/")
        (classes,) = await service.predict(service.model(), [picture(3)], 1)
        assert isinstance(classes, list)
        assert service.model().classifier.classes[found.label] == classes[0].name

    run(test)


def test_health_is_an_answer_and_tells_of_failures() -> None:
    async def test(service: Service) -> None:
        health = Health(service)
        assert not health.state().ready  # nothing was answered yet
        await health.probe()
        assert health.state().ready
        lane = service.model().probabilities
        object.__setattr__(lane, "compute", lambda values: 1 / 0)
        with pytest.raises(Refusal, match="the network failed"):
            await health.probe()
        state = health.state()
        assert (state.ready, state.failed_batches) == (False, 1)
        assert state.reasons == ("the last batch failed: small: ZeroDivisionError",)
        object.__setattr__(lane, "compute", service.model()._probabilities)
        await health.probe()
        assert health.state().ready
        assert health.state().failed_batches == 1

    run(test)


def test_names_of_networks() -> None:
    assert named(["small", "first=runs/a"]) == {"small": "small", "first": "runs/a"}
    with pytest.raises(RecipeError, match="two networks are called `small`, small and other/small"):
        named(["small", "small=other/small"])
    for odd in ("a b", "../up=x y", "x/y=z", "=z", "ä"):
        with pytest.raises(RecipeError, match="cannot be asked for"):
            named([odd])
