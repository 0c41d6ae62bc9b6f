"""A real headless Chromium, spoken to over its DevTools pipe: no driver, no port, nothing but the browser itself."""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

NAMED: Final = "ALEXNET_TEST_BROWSER"
"""The variable that names the browser: where it is set, its absence is a failure and no reason to skip."""
SECONDS: Final = 120.0


class Browser:
    """A page in a browser, and what it did: requests it made, and errors it said.

    Args:
        program: of Chromium.
        profile: a folder for its files.
    """

    def __init__(self, program: str, profile: Path) -> None:
        there, here = os.pipe(), os.pipe()  # what it reads, what it writes
        words = [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        words += ["--remote-debugging-pipe", "--no-first-run", f"--user-data-dir={profile}", "about:blank"]
        numbered = f'exec "$0" "$@" 3<&{there[0]} 4>&{here[1]}'  # where it looks for them
        null = subprocess.DEVNULL
        self._process = subprocess.Popen(
            ["bash", "-c", numbered, *words],
            pass_fds=(there[0], here[1]),
            stdin=null,
            stdout=null,
            stderr=null,
        )
        os.close(there[0])
        os.close(here[1])
        self._write, self._read, self._rest, self._number = there[1], here[0], b"", 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser for something and return its answer; what happens meanwhile is kept in `events`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            found = self._message()
            if found.get("id") == self._number:
                assert "error" not in found, (method, found["error"])
                result: dict[str, Any] = found["result"]
                return result
            self.events.append(found)

    def open(self, path: Path, *, width: int = 1200, dark: bool = False, media: str = "screen") -> None:
        """Open a file as a reader has it, and wait until it is loaded."""
        self.visit(path.resolve().as_uri(), width=width, dark=dark, media=media)

    def visit(self, address: str, *, width: int = 1200, dark: bool = False, media: str = "screen") -> None:
        """Open an address as a reader has it, and wait until it is loaded."""
        self.events.clear()
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.send("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.send("Page.navigate", url=address)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._message())

    def run(self, script: str) -> Any:
        """Run a script in the page, wait for what it promises, and return it."""
        found = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    @property
    def requests(self) -> list[str]:
        """The addresses that were asked for since the page was opened, pictures within it left out."""
        asked = [event["params"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
        addresses = [str(one["request"]["url"]) for one in asked]
        return [address for address in addresses if not address.startswith("data:")]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """What the console was told, and what went wrong in scripts."""
        said = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [event["params"] for event in self.events if event["method"] in said]

    def screenshot(self, path: Path, *, height: int | None = None) -> None:
        """Keep a picture of the page: all of it, or its first pixels."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": height or size["height"], "scale": 1}
        found = self.send("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(found["data"]))

    def print_to(self, path: Path) -> None:
        """Keep the page as it is printed, as a PDF."""
        path.write_bytes(base64.b64decode(self.send("Page.printToPDF", printBackground=False)["data"]))

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(30)
        os.close(self._write)
        os.close(self._read)

    def _message(self) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser says nothing"
            piece = os.read(self._read, 1 << 20)
            assert piece, "the browser has ended"
            self._rest += piece
        first, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(first)
        return found


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """Give a browser; without one the test is skipped, unless the environment says that there is one."""
    program = os.environ.get(NAMED) or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium: apt-get install chromium")
    browser = Browser(program, profile)
    try:
        yield browser
    finally:
        browser.close()
