"""How a run goes, for people: a bar on a terminal, plain timed lines elsewhere; on standard error.

Of what is measured here, only the seconds of each epoch go into the journal.
"""

import contextlib
import logging
import time
from collections.abc import Generator, Iterator
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from alexnet.runs.journal import Row
from alexnet.text import visible

Item = TypeVar("Item")
LOG: Final = logging.getLogger("alexnet")
LOG.addHandler(logging.NullHandler())
"""Carries the lines that a person at a terminal sees, for a program that trains."""
LINE_SECONDS = 30.0  # between plain lines
STARVING = 0.10  # share of the time spent waiting for data that is worth a word
_WORDS = 90  # columns beside the bar, which a narrow terminal does without


class ProgressDisplay:
    """Say how training goes; what wants to hear of it otherwise extends this.

    Args:
        quiet: say nothing but what matters (failures and advice).
        mute: say nothing at all: another process does.
        encoding: how the pictures are kept, raw or jpeg, on which it depends how they could come faster.
    """

    def __init__(self, *, quiet: bool = False, mute: bool = False, encoding: str = "raw") -> None:
        self._quiet, self._mute = quiet or mute, mute
        self._console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=mute)
        self._cure = (
            "they are kept as JPEG; alexnet prepare --encoding raw keeps them as pixels, the fastest to read"
            if encoding == "jpeg"
            else "a faster disk, or memory enough to hold the pictures, is the cure"
        )
        self._bar: Bar | None = None
        self._images = 0
        self._waited = 0.0
        self._has_warned = False
        self._first, self._steps, self._steps_per_epoch = 0, 1, 1
        self._epoch_began = self._line_shown = self._began = time.monotonic()
        self._status = ""

    def begin(self, step: int, steps: int, steps_per_epoch: int) -> None:
        """Begin to show a run of `steps` steps, of which `step` are done."""
        self._first, self._steps, self._steps_per_epoch = step, steps, steps_per_epoch
        self._epoch_began = self._line_shown = self._began = time.monotonic()
        if self._console.is_terminal and not self._quiet and step < steps:
            self._bar = Bar(
                *([BarColumn(bar_width=24)] if self._console.width > _WORDS + 24 else []),
                TextColumn("{task.percentage:>3.0f}%"),
                TextColumn("{task.fields[status]}"),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._task = self._bar.add_task("training", total=steps, completed=step, status="")
            self._bar.start()

    def timed(self, feed: Generator[Item, None, None] | Iterator[Item]) -> Iterator[Item]:
        """Yield what `feed` yields, and measure how long it made us wait; it is closed at the end."""
        try:
            while True:
                began = time.monotonic()
                try:
                    item = next(feed)
                except StopIteration:
                    return
                self._waited += time.monotonic() - began
                yield item
        finally:
            if isinstance(feed, Generator):
                feed.close()

    def step(self, step: int, loss: float, images: int) -> None:
        """Show that a step is done.

        Args:
            step: steps finished.
            loss: the mean of this epoch so far.
            images: pictures of the step's batch.
        """
        self._images += images
        now = time.monotonic()
        speed = self._images / max(now - self._epoch_began, 1e-9)
        epoch = step / self._steps_per_epoch
        starving = self._waited / max(now - self._epoch_began, 1e-9)
        waiting = (
            f", waiting for data {starving:.0%}" if starving > STARVING and step > self._first + 20 else ""
        )
        text = f"epoch {epoch:.2f}, {speed:,.0f} images/s, loss {loss:.3f}{self._status}{waiting}"
        if self._bar is not None:
            self._bar.update(self._task, completed=step, status=text[: max(self._console.width - 16, 0)])
        elif not self._quiet and now - self._line_shown > LINE_SECONDS:
            self._line_shown = now
            self._line(f"step {step}/{self._steps}, {text}, {self._remaining(step, now)} left", matters=False)
        if waiting and not self._has_warned and now - self._began > LINE_SECONDS:
            self._has_warned = True
            self.say(f"training waits for data {starving:.0%} of the time: {self._cure}")

    def timing(self) -> dict[str, float]:
        """Return the seconds and the images per second of the epoch that ends, and begin the next one."""
        now = time.monotonic()
        seconds, images = now - self._epoch_began, self._images
        self._epoch_began, self._images, self._waited = now, 0, 0.0
        return {"seconds": round(seconds, 3), "images_per_second": round(images / max(seconds, 1e-9), 1)}

    def epoch(self, row: Row) -> None:
        """Show the journal's row of an epoch that is done."""
        training = f"training error {row['training_top1_error']:.2%}"
        errors = ""
        if "validation_top1_error" in row:
            errors = f", validation {row['validation_top1_error']:.2%}"
            if row["validation_top5_error"] > 0:
                errors += f" (top-5 {row['validation_top5_error']:.2%})"
        if unreadable := row.get("training_unreadable", 0) + row.get("validation_unreadable", 0):
            errors += f", {unreadable:,} left out"
        self._status = f", errors {row['training_top1_error']:.1%}" + errors.replace(" validation", "")
        speed = (
            f", {row['images_per_second']:,.0f} images/s" if row.get("step", 1) else ", before the first step"
        )
        text = f"epoch {row['epoch']:g}: loss {row['training_loss']:.4f}, {training}{errors}{speed}"
        self._line(text, matters=False)

    def note(self, line: str) -> None:
        """Say something worth knowing, unless quiet."""
        self._line(line, matters=False)

    def say(self, line: str) -> None:
        """Say something that matters, quiet or not."""
        self._line(line)

    def end(self) -> None:
        """Put the terminal back in order."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _line(self, text: str, *, matters: bool = True) -> None:
        text = "\n".join(map(visible, text.split("\n")))  # it may name files and classes
        if not self._mute:
            LOG.log(logging.WARNING if matters else logging.INFO, text)
        if self._quiet and not matters:
            return
        with contextlib.suppress(OSError):  # a log on a full disk, a terminal that is gone
            self._console.print(text, markup=False)

    def _remaining(self, step: int, now: float) -> str:
        seconds = (now - self._began) / max(step - self._first, 1) * (self._steps - step)
        if seconds < 90:
            return f"{seconds:.0f} s"
        return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
