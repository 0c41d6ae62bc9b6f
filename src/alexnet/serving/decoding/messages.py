"""What is asked of a decoding process, and what it says: heads of fixed size, then bytes."""

import struct
from typing import Final

ASK: Final = struct.Struct("<BIQIIQ")
"""Kind, side of the square, most pixels, height and width of raw pixels (0 of a file), bytes that follow."""
SAY: Final = struct.Struct("<BQ")
"""Outcome, bytes that follow: pixels of the square, or the words of an error."""
FILE: Final = 0
"""A picture file."""
PIXELS: Final = 1
"""Raw pixels, uint8 RGB, (H, W, 3)."""
DECODED: Final = 0
REFUSED: Final = 1
READY: Final = 2
"""Said once, when it has started."""
