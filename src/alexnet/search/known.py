"""Where networks and pictures lie on this machine, by their digests: an index names no file that would be opened.

An index may come from a stranger. It says of which network and which pictures it is, by digests; where those lie is
remembered in the user's own cache when a command of theirs has used them.
"""

import contextlib
import json
import os
import re
from pathlib import Path
from typing import Final

from alexnet import files

_DIGEST: Final = re.compile("[0-9a-f]{64}")
_LONGEST: Final = 65_536
"""Bytes of what is remembered: one path."""


def remember(digest: str, path: str | Path) -> None:
    """Remember where something lies; where the cache cannot be written, nothing is remembered.

    Args:
        digest: of it, 64 hexadecimal digits.
        path: a path, which is made absolute, or a name of published weights.
    """
    text = os.path.abspath(path) if os.path.exists(path) else os.fspath(path)
    with contextlib.suppress(OSError):
        _record(digest).parent.mkdir(parents=True, exist_ok=True)
        files.write_text(_record(digest), json.dumps(text))


def recall(digest: str) -> str | None:
    """Return where something was when it was last used; None where nobody here has used it."""
    if not _DIGEST.fullmatch(digest):
        return None
    try:
        found: object = json.loads(files.read_bounded(_record(digest), _LONGEST))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def _record(digest: str) -> Path:
    return files.home() / "known" / f"{digest}.json"
