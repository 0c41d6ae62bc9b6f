"""The page at / in a real Chromium: a picture is named, an error is shown well, nothing comes from outside."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import alexnet
from browser import Browser, chromium
from served import Served, picture

pytestmark = pytest.mark.slow
READERS: Final[dict[str, dict[str, Any]]] = {"light": {}, "dark": {"dark": True}, "phone": {"width": 390}}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


def address(small: Served) -> str:
    return f"http://127.0.0.1:{small.port}/"


def give(browser: Browser, how: str, name: str, kind: str, content: bytes) -> None:
    """Drop or paste a file, as a person does."""
    text = base64.b64encode(content).decode()
    given = "dataTransfer" if how == "drop" else "clipboardData"
    event = "DragEvent" if how == "drop" else "ClipboardEvent"
    browser.run(
        f"""(() => {{
        const bytes = Uint8Array.from(atob({json.dumps(text)}), letter => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], {json.dumps(name)}, {{type: {json.dumps(kind)}}}));
        const event = new {event}({json.dumps(how)}, {{bubbles: true, cancelable: true, {given}: transfer}});
        document.getElementById("drop").dispatchEvent(event);
        }})()"""
    )


def wait_for(browser: Browser, script: str) -> Any:
    """Wait until a script gives something, and return it."""
    end = time.monotonic() + 120
    while not (found := browser.run(script)):
        assert time.monotonic() < end, script
        time.sleep(0.1)
    return found


ROWS = "[...document.querySelectorAll('.answer .classes li .line')].map(row => row.innerText.split('\\n'))"


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_picture_is_named(small: Served, browser: Browser, how: str) -> None:
    browser.visit(address(small))
    give(browser, how, "a <b>.png", "image/png", picture(1))
    wait_for(browser, f"({ROWS}).length == 5")
    (expected,) = alexnet.load("small").predict(picture(1), 5)
    assert browser.run(ROWS) == [[each.words, f"{100 * each.probability:.1f}%"] for each in expected]
    assert browser.run("document.querySelector('.answer h2').textContent") == "a <b>.png"
    widths = browser.run("[...document.querySelectorAll('.bar div')].map(bar => bar.offsetWidth)")
    assert widths == sorted(widths, reverse=True)
    browser.run(
        "[...document.querySelectorAll('button')].find(b => b.textContent == 'Where it looked').click()"
    )
    wait_for(browser, "document.querySelectorAll('.answer img').length == 2")
    wait_for(browser, "[...document.images].every(image => image.complete && image.naturalWidth)")
    assert browser.errors == []
    assert {asked.split("?")[0] for asked in browser.requests if not asked.startswith("blob:")} == {
        address(small) + path for path in ("", "page.js", "v1/predict", "v1/explain")
    }


def test_an_error_is_shown_well(small: Served, browser: Browser) -> None:
    browser.visit(address(small))
    give(browser, "drop", "notes.txt", "text/plain", b"no picture")
    said = wait_for(
        browser, "!document.getElementById('said').hidden && document.getElementById('said').innerText"
    )
    assert said.startswith("notes.txt: no picture.")
    give(browser, "drop", "cut.png", "image/png", picture(1)[:-200])
    said = wait_for(browser, "document.querySelector('.answer .notice')?.innerText")
    assert said.startswith("truncated")
    assert browser.run("document.querySelector('.answer .more button').textContent") == "Ask again"


def test_the_keyboard_reaches_everything(small: Served, browser: Browser) -> None:
    browser.visit(address(small))
    reached = []
    for _ in range(6):
        for kind in ("keyDown", "keyUp"):
            browser.send("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.append(
            browser.run("document.activeElement.id || document.activeElement.getAttribute('href')")
        )
    assert reached[:4] == ["model", "choose", "photograph", "/docs"]


@pytest.mark.parametrize("reader", READERS)
def test_the_page_fits_and_bars_nobody(small: Served, browser: Browser, reader: str, tmp_path: Path) -> None:
    import importlib.util

    browser.visit(address(small), **READERS[reader])
    give(browser, "drop", "a picture.png", "image/png", picture(1))
    wait_for(browser, f"({ROWS}).length == 5")
    width = browser.run("document.documentElement.clientWidth")
    assert browser.run("document.documentElement.scrollWidth") <= width
    background = browser.run("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(22, 24, 28)" if reader == "dark" else "rgb(255, 255, 255)")
    spec = importlib.util.find_spec("axe_playwright_python")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("axe-core is not installed: make optional")
    script = (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
    browser.run(f"{script};0")
    found = browser.run("axe.run().then(r => r.violations.map(v => [v.id, v.impact, v.nodes[0].html]))")
    assert [one for one in found if one[1] in ("serious", "critical")] == []
