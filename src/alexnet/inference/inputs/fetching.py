"""Several addresses fetched at a time, by threads that nobody waits for when the rest is done."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar, final

AT_ONCE: Final = 8

T = TypeVar("T")
_Work = tuple[Callable[[], Any], "Future[Any]"]


@final
class Fetchers:
    """Threads that fetch, started when there is something to fetch.

    Those of a ThreadPoolExecutor would be waited for when the program ends, each for as long as a server lets it.
    """

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._threads = 0

    def submit(self, fetch: Callable[[], T]) -> Future[T]:
        """Have something fetched; return what will hold it."""
        future: Future[T] = Future()
        self._work.put((fetch, future))
        if self._threads < AT_ONCE:
            self._threads += 1
            threading.Thread(target=self._run, name="fetch", daemon=True).start()
        return future

    def close(self) -> None:
        """Fetch nothing more; what is on its way is not waited for."""
        for _ in range(self._threads):
            self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            fetch, future = work
            try:
                future.set_result(fetch())
            except BaseException as error:  # the caller's, to whom the future gives it
                future.set_exception(error)
