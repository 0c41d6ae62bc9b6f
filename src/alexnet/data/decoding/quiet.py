"""Keeps what decoders print by themselves off stderr: a picture's faults are told once, by the error that it gives.

libtiff writes from C, Pillow warns and logs. What is switched off is theirs alone, and is as before once no picture
is being decoded: stderr itself stays, for whatever else the process prints.
"""

import contextlib
import ctypes
import functools
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Final, final

from PIL import _imaging

_Handler = Callable[[int | None], int | None]


@final
class _Decoders:
    """How many pictures are being decoded, and what is to be restored after the last of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = 0
        self._restore = contextlib.ExitStack()

    def enter(self) -> None:
        """Switch their lines off, if they are on."""
        with self._lock:
            self._busy += 1
            if self._busy > 1:
                return
            for set_handler in _tiff_handlers():
                self._restore.callback(set_handler, set_handler(None))
            self._restore.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"PIL\.")
            nowhere, logger = logging.NullHandler(), logging.getLogger("PIL")
            logger.addHandler(nowhere)  # or Python prints errors that nobody listens to
            self._restore.callback(logger.removeHandler, nowhere)

    def leave(self) -> None:
        """Switch them on again after the last picture."""
        with self._lock:
            self._busy -= 1
            if not self._busy:
                self._restore.close()


_DECODERS: Final = _Decoders()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let decoders print nothing of their own within the block; any number of threads may be in one."""
    _DECODERS.enter()
    try:
        yield
    finally:
        _DECODERS.leave()


@functools.cache
def _tiff_handlers() -> tuple[_Handler, ...]:
    """Return libtiff's setters of what prints errors and warnings, as Pillow has loaded it; none without it."""
    found = []
    for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
        try:
            setter = ctypes.CDLL(_imaging.__file__)[name]  # looked for in what it is linked to, too
        except (OSError, AttributeError):
            return ()
        setter.argtypes, setter.restype = (ctypes.c_void_p,), ctypes.c_void_p
        found.append(setter)
    return tuple(found)
