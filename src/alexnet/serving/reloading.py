"""A changed run is loaded and tried beside the network that is served, and then takes its place; or does not."""

import asyncio
import logging
from typing import Final, final

from alexnet.serving.health import Health
from alexnet.serving.models import version_of
from alexnet.serving.service import Service

_LOG: Final = logging.getLogger("alexnet.serving")


@final
class Reloader:
    """Looks at the files behind the networks of a service.

    Args:
        service: that is running.
        health: which says why a changed run was not taken.
        seconds: between looks; 0 looks only when it is told to.
    """

    def __init__(self, service: Service, health: Health, seconds: float) -> None:
        self._service, self._health, self._seconds = service, health, seconds
        self._seen = {name: version_of(source) for name, source in service.sources.items()}
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Load every network anew, whether its file has changed or not."""
        self._asked.set()

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            asked = False
            try:
                async with asyncio.timeout(self._seconds or None):
                    await self._asked.wait()
                asked = True
                self._asked.clear()
            except TimeoutError:
                pass
            for name, source in self._service.sources.items():
                version = await asyncio.to_thread(version_of, source)
                if asked or (version is not None and version != self._seen[name]):
                    self._seen[name] = version
                    await self._reload(name)

    async def _reload(self, name: str) -> None:
        """Load a network and measure it, which runs it, and put it in its place; or keep the old one and say why."""
        try:
            model = await self._service.load(name)
        except Exception as error:  # whatever it is, the old network goes on
            self._service.metrics.add("reloads_total", outcome="refused")
            self._health.reload_error = f"{name}: {' '.join(str(error).split()) or type(error).__name__}"
            _LOG.error("%s is not taken, the network before it goes on: %s", name, error)
            return
        self._service.models[name] = model
        self._service.metrics.add("reloads_total", outcome="taken")
        self._health.reload_error = ""
        _LOG.warning("%s was loaded anew", name)
