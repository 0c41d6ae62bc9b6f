"""One picture, examined: can it be read, what are its issues, and which others look like it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from alexnet.data.decoding.decoding import opened, reasons, upright
from alexnet.data.sources.source import Example
from alexnet.errors import DataError

TINY = 32  # pixels of the shorter side, below which a picture says little
HUGE = 25_000_000  # pixels, above which decoding is slow
FLAT = 4.0  # grey levels of standard deviation, below which pictures look alike without being so

_ENDINGS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".mpo"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
}
_KNOWN = tuple(ending for endings in _ENDINGS.values() for ending in endings)
_SHRINK_TO = 64  # pixels: enough for a fingerprint, and every byte of a JPEG is still read


@dataclass(frozen=True)
class PictureFacts:
    """What one picture shows of itself."""

    digest: bytes
    """BLAKE2 of its file, or of its pixels: 16 bytes."""
    perceptual_hash: bytes
    """128 bits that hardly change when a picture is scaled, recoded or brightened; empty where it is flat."""
    issues: tuple[tuple[str, str], ...]
    """Kinds, as in `check.KINDS`, and details."""


def examine(example: Example) -> PictureFacts:
    """Examine one picture; whatever is wrong with it becomes an issue."""
    content = example.content
    if isinstance(content, DataError):
        return PictureFacts(b"", b"", (_refusal(content),))
    if isinstance(content, np.ndarray):
        return PictureFacts(
            _digest(np.ascontiguousarray(content).tobytes()),
            _perceptual_hash(content),
            tuple(_size(*content.shape[:2])),
        )
    try:
        with reasons():
            issues = tuple(_issues(example.name, content))
        pixels, _ = _decoded(content)
    except DataError as error:
        return PictureFacts(_digest(content), b"", (_refusal(error),))
    return PictureFacts(_digest(content), _perceptual_hash(pixels), issues)


def _decoded(content: bytes) -> tuple[np.ndarray, object]:
    with reasons():
        return upright(content, shrink_to=_SHRINK_TO)


def _refusal(error: DataError) -> tuple[str, str]:
    """Split an error into its kind and its words."""
    kind, _, words = str(error).partition(": ")
    return kind, words or str(error)


def _issues(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Name what is unusual in the header of a picture."""
    image = opened(content)
    ending = name[name.rfind(".") :].lower() if "." in name.rsplit("/", 1)[-1] else ""
    if ending in _KNOWN and ending not in _ENDINGS.get(image.format or "", ()):
        yield "wrong ending", f"{image.format} called {ending}"
    if getattr(image, "n_frames", 1) > 1:
        yield "animated", f"{getattr(image, 'n_frames', 1)} frames, the first is used"
    if image.mode == "CMYK":
        yield "cmyk", f"{image.format} in CMYK"
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        yield "deep", f"grey of mode {image.mode}"
    if image.has_transparency_data:
        yield "transparent", "laid on white"
    try:
        turned = image.getexif().get(0x0112, 1)
    except Exception:  # broken metadata, which `decoding` passes over too
        turned = 1
    if turned in range(2, 9):
        yield "rotated", f"EXIF orientation {turned}, applied"
    yield from _size(image.height, image.width)


def _size(height: int, width: int) -> Iterator[tuple[str, str]]:
    if min(height, width) < TINY:
        yield "tiny", f"{width}x{height}"
    if height * width > HUGE:
        yield "huge", f"{width}x{height}"


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def _perceptual_hash(pixels: np.ndarray) -> bytes:
    """Say where brightness rises, to the right and downward, on a grid of 9x9; b"" for a flat picture.

    Source: the difference hash, which N. Krawetz described in 2013, in both directions.
    """
    grey = np.asarray(Image.fromarray(pixels).convert("L").resize((9, 9), Image.Resampling.BOX)).astype(
        np.int16
    )
    if grey.std() < FLAT:
        return b""
    rises = np.concatenate([(grey[:8, 1:] > grey[:8, :-1]).ravel(), (grey[1:, :8] > grey[:-1, :8]).ravel()])
    return np.packbits(rises).tobytes()
