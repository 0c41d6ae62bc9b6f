"""Similar pictures over a service: a real index, its own network, and one that is another's."""

import asyncio
from pathlib import Path

import pytest
from PIL import Image

import alexnet
import alexnet.search
from alexnet.errors import SearchError
from alexnet.serving.refusals import Refusal
from alexnet.serving.service import Service, Settings
from served import picture


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of six pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(6):
        (folder / f"{seed}.png").write_bytes(picture(seed, kind="PNG"))
    alexnet.search.build("small", folder, folder.parent / "index").close()
    return folder.parent / "index"


def test_a_picture_of_the_index_is_its_own_nearest(index: Path) -> None:
    expected = alexnet.search.query(index, [picture(3, kind="PNG")], 3)[0]

    async def ask() -> list[tuple[str, float]]:
        async with Service(Settings(("small",), decoders=1, index=index)).running() as service:
            (near,) = await service.similar([picture(3, kind="PNG")], 3)
        assert not isinstance(near, Refusal)
        return near

    found = asyncio.run(ask())
    assert found[0][0] == "3.png"
    assert [name for name, _ in found] == [match.name for match in expected]
    assert [distance for _, distance in found] == pytest.approx(
        [match.distance for match in expected], abs=0.05
    )


def test_an_index_of_another_network_is_refused(index: Path) -> None:
    async def start() -> None:
        async with Service(Settings(("digits",), decoders=1, index=index)).running():
            pass

    with pytest.raises(SearchError, match="another network than `digits`"):
        asyncio.run(start())


def test_an_index_of_several_views_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (70, 70), (200, 30, 30)).save(tmp_path / "pictures" / "red.png")
    alexnet.search.build("small", tmp_path / "pictures", tmp_path / "index", views=10).close()
    with pytest.raises(SearchError, match="the average of 10 views"):
        Service(Settings(("small",), index=tmp_path / "index"))
