"""The pages in a real Chromium: no error, no request, nothing wider than a phone, nothing that bars a reader."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import alexnet
from alexnet.data.checking.check import check
from alexnet.data.checking.page import check_page
from alexnet.data.dataset import Dataset
from alexnet.data.sources.opening import open_source
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.recipe import Recipe
from browser import Browser, chromium

pytestmark = pytest.mark.slow
READERS: Final[dict[str, dict[str, Any]]] = {
    "light": {},
    "dark": {"dark": True},
    "phone": {"width": 390},
    "paper": {"media": "print", "dark": True},
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def pages(shapes: Dataset, brief: Recipe, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A report of one run, one of two, and the page of a check."""
    folder = tmp_path_factory.mktemp("pages")
    run_training(shapes, brief, folder / "run", display=ProgressDisplay(quiet=True))
    pictures = folder / "pictures"
    for name in ("a", "b"):
        (pictures / name).mkdir(parents=True)
        for number in range(3):
            (pictures / name / f"{number}.png").write_bytes(b"no picture")
    source = open_source(pictures)
    checked = folder / "check.html"
    checked.write_text(check_page(check(source), source))
    return {
        "one": alexnet.report(folder / "run", output=folder / "one.html", views=1),
        "two": alexnet.report([folder / "run"] * 2, output=folder / "two.html", views=1),
        "check": checked,
    }


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("page", ["one", "two", "check"])
def test_a_page_opens_without_an_error_or_a_request_and_fits(
    browser: Browser, pages: dict[str, Path], page: str, reader: str
) -> None:
    browser.open(pages[page], **READERS[reader])
    assert browser.errors == []
    assert browser.requests == [pages[page].resolve().as_uri()]
    width = browser.run("document.documentElement.clientWidth")
    assert browser.run("document.documentElement.scrollWidth") <= width
    broken = "[...document.images].filter(image => !image.complete || !image.naturalWidth).length"
    assert browser.run(broken) == 0


def test_colours_follow_the_reader_and_paper_is_light(browser: Browser, pages: dict[str, Path]) -> None:
    found = {}
    for reader, options in READERS.items():
        browser.open(pages["one"], **options)
        found[reader] = browser.run("getComputedStyle(document.body).backgroundColor")
    assert found["light"] == found["phone"] == found["paper"] == "rgb(255, 255, 255)"
    assert found["dark"] == "rgb(22, 24, 28)"


@pytest.mark.parametrize("reader", ["light", "dark", "phone"])
@pytest.mark.parametrize("page", ["one", "two", "check"])
def test_axe_finds_no_serious_barrier(
    browser: Browser, pages: dict[str, Path], page: str, reader: str
) -> None:
    """axe-core's rules, every fold open; its script comes with the package that `make optional` installs."""
    spec = importlib.util.find_spec("axe_playwright_python")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("axe-core is not installed: make optional")
    script = (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
    browser.open(pages[page], **READERS[reader])
    browser.run("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    browser.run(f"{script};0")
    found = browser.run("axe.run().then(r => r.violations.map(v => [v.id, v.impact, v.nodes[0].html]))")
    assert [one for one in found if one[1] in ("serious", "critical")] == []
