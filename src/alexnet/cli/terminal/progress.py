"""How far a long walk over pictures, or a download, is: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_EVERY = 15.0  # seconds between lines where there is no terminal


@contextmanager
def walking(what: str, *, bar: bool = True) -> Iterator[Callable[[int, int | None], None]]:
    """Give a function that is told the pictures done and in all; it shows them with the rate and the time left.

    Args:
        what: is done with them.
        bar: whether a bar is in nobody's way; in all may be None where that is not known.
    """
    if not bar or not sys.stderr.isatty():
        yield _lines(what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=None, rate="")
        rate = _rate()
        yield lambda done, total: shown.update(
            task, completed=done, total=total, rate=f"{rate(done):,.0f} images/s"
        )


@contextmanager
def downloading(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Give a function that is told the bytes that are there, and all, if that is known."""
    if not sys.stderr.isatty():
        yield _byte_lines(what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as SpeedColumn

    columns = (TextColumn(what), BarColumn(), DownloadColumn(), SpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _byte_lines(what: str) -> Callable[[int, int | None], None]:
    last = [time.monotonic()]

    def tell(done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - last[0] >= _EVERY:
            last[0] = now
            whole = f" of {total / 1e6:,.0f}" if total is not None else ""
            print(f"{what}: {done / 1e6:,.0f}{whole} MB", file=sys.stderr, flush=True)

    return tell


def _lines(what: str) -> Callable[[int, int | None], None]:
    rate, last = _rate(), [time.monotonic()]

    def tell(done: int, total: int | None) -> None:
        now, speed = time.monotonic(), rate(done)
        if now - last[0] >= _EVERY and (total is None or done < total):
            last[0] = now
            left = f", {(total - done) / speed:,.0f} s left" if speed and total is not None else ""
            of = f" of {total:,}" if total is not None else ""
            print(f"{what}: {done:,}{of}, {speed:,.0f} images/s{left}", file=sys.stderr, flush=True)

    return tell


def _rate() -> Callable[[int], float]:
    """Return a function from the pictures done to pictures a second, since the first that was told of."""
    first: list[tuple[float, int]] = []

    def rate(done: int) -> float:
        now = time.monotonic()
        if not first:
            first.append((now, done))
        return (done - first[0][1]) / max(now - first[0][0], 1e-9)

    return rate
