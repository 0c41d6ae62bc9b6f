"""The key that a client shows: read from a file that nobody else can read, or from the environment."""

import hmac
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers

from alexnet.errors import RunError
from alexnet.files import read_bounded

VARIABLE: Final = "ALEXNET_API_KEY"
_LEAST: Final = 16  # letters
_LARGEST: Final = 4096


def read_key(path: Path | None, environment: Mapping[str, str] = os.environ) -> bytes | None:
    """Return the key: the first line of a file, else the variable `ALEXNET_API_KEY`; None without both.

    Raises:
        RunError: the file cannot be read, others can read it, or the key is short.
    """
    if path is None:
        key, where = environment.get(VARIABLE, "").strip().encode(), VARIABLE
        if not key:
            return None
    else:
        where = os.fspath(path)
        try:
            rights = stat.S_IMODE(os.stat(path).st_mode)
            key = read_bounded(path, _LARGEST).strip()
        except OSError as error:
            raise RunError(f"the key file {where} cannot be read: {error.strerror}") from None
        if rights & stat.S_IRWXO:
            raise RunError(f"the key file {where} has rights {rights:o}, others can use it: chmod o= {where}")
    if len(key) < _LEAST or len(key.split()) != 1:
        raise RunError(
            f"the key of {where} has {len(key)} letters: at least {_LEAST}, on one line, without spaces"
        )
    return key


def shown(headers: Headers, key: bytes) -> bool:
    """Whether a request shows the key, as `Authorization: Bearer KEY` or `X-API-Key: KEY`; in constant time."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    given = bearer.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    return hmac.compare_digest(given.encode("latin-1", "replace"), key)
