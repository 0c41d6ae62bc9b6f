"""What is answered instead of classes: a code that stays the same, and a line that says what to do."""

from typing import Final, final

from alexnet.errors import DataError

REASONS: Final = {
    "empty": "picture.empty",
    "too large": "picture.too-large",
    "no picture": "picture.unknown-format",
    "truncated": "picture.truncated",
    "damaged": "picture.damaged",
    "unreadable": "picture.unreadable",
}
"""Codes by the words that an error of the decoder begins with: `alexnet.data.decoding.decoding.REASONS`."""


@final
class Refusal(Exception):  # noqa: N818  # no error of ours: what the client is told
    """Why a request, or a picture of one, is not answered with classes.

    Args:
        code: one word, or two with a dot between them; it stays the same from version to version.
        message: one line: the value, what was expected, what to do.
        retry_seconds: after how long it is worth asking again; 0 where that would change nothing.
    """

    def __init__(self, code: str, message: str, *, retry_seconds: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.retry_seconds = code, message, retry_seconds


def unreadable(error: DataError) -> Refusal:
    """Return the refusal of a picture that cannot be decoded."""
    words = str(error)
    code = next((code for reason, code in REASONS.items() if words.startswith(reason)), "picture.unreadable")
    return Refusal(code, words)
