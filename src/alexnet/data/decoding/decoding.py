"""From the bytes of a picture file to upright RGB pixels, or the reason why not.

Pillow opens every file and decides what it is. Ordinary JPEGs are then decoded by simplejpeg where it is
installed, which gives the same pixels sooner; whatever it refuses goes back to Pillow.

Every refusal is a DataError whose message begins with one of `REASONS`, so that they can be counted.
"""

import contextlib
import io
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType

import numpy as np
from PIL import Image, UnidentifiedImageError

from alexnet.data.decoding.colours import Profile, converted, embedded
from alexnet.data.decoding.quiet import quiet
from alexnet.errors import DataError

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM")  # Pillow reads more, some of them dangerous
MAX_PIXELS = 64_000_000
MAX_LENGTH = 65_535  # pixels of the longer side: what JPEG can have at most
MAX_BYTES = 256 * 2**20
REASONS = ("empty", "too large", "no picture", "truncated", "damaged", "unreadable")

_ORIENTATION = 0x0112  # the EXIF tag
_UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.transpose(1, 0, 2),
    6: lambda pixels: pixels[::-1].transpose(1, 0, 2),
    7: lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2),
    8: lambda pixels: pixels[:, ::-1].transpose(1, 0, 2),
}


@contextlib.contextmanager
def reasons() -> Iterator[None]:
    """Turn whatever a broken picture makes a decoder raise into a DataError with a reason; it prints nothing."""
    try:
        with quiet():
            yield
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(f"no picture: not one of {', '.join(FORMATS)}") from None
    except (Image.DecompressionBombError, MemoryError) as error:
        raise DataError(f"too large: {_one_line(error)}") from None
    except Exception as error:  # decoders raise nearly every type there is on damaged files
        words = _one_line(error)
        kind = "truncated" if "truncated" in words.lower() else "damaged"
        raise DataError(f"{kind}: {words}") from None


def upright(
    content: bytes, *, max_pixels: int = MAX_PIXELS, shrink_to: int | None = None
) -> tuple[np.ndarray, Profile | None]:
    """Decode a picture file as a viewer shows it: first frame, colours, transparency, orientation.

    Args:
        content: the whole file.
        max_pixels: the largest picture to decode.
        shrink_to: if given, a JPEG may be decoded at a half, a quarter or an eighth of its size, as long as its
            shorter side stays at least this long.
    Returns:
        uint8 RGB, (H, W, 3), contiguous; and the colour profile to hand to `in_srgb`, if they have one that
        counts: after scaling, when there is less to convert.
    """
    image = opened(content, max_pixels)
    divisor = _divisor(image, shrink_to) if shrink_to else 1
    pixels = None if image.mode == "CMYK" and embedded(image) else _turbo(content, image, divisor)
    if pixels is None and divisor > 1:
        image.draft(image.mode, (image.width // divisor, image.height // divisor))
    return shown(image, pixels)


def shown(image: Image.Image, pixels: np.ndarray | None = None) -> tuple[np.ndarray, Profile | None]:
    """Bring an opened picture to upright RGB pixels.

    Args:
        image: the picture, in any mode.
        pixels: what it decodes to, uint8 RGB, (H, W, 3), where that is known; the mode is RGB, or near it.
    Returns:
        as `upright`.
    """
    profile = embedded(image)
    if pixels is None:
        image.load()
    turn = _UPRIGHT.get(_orientation(image))  # before a conversion, which leaves metadata behind
    if pixels is None:
        if profile and image.mode == "CMYK":
            image, profile = converted(image, profile), None
        pixels = np.asarray(_flat(image))
    return np.ascontiguousarray(pixels if turn is None else turn(pixels)), profile


def turbo() -> ModuleType | None:
    """Return the fast JPEG decoder if it is installed: the extra `fast`."""
    return _simplejpeg()


def opened(content: bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Open a picture from its bytes and check its size; nothing is decoded yet."""
    if not content:
        raise DataError("empty: the file has no bytes")
    if len(content) > MAX_BYTES:
        raise DataError(f"too large: {len(content)} bytes, at most {MAX_BYTES} are read")
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    width, height = image.size
    if max(width, height) > MAX_LENGTH:
        raise DataError(f"too large: {width}x{height} pixels, at most {MAX_LENGTH} a side are decoded")
    if width * height > max_pixels:
        raise DataError(f"too large: {width}x{height} pixels, at most {max_pixels} are decoded")
    return image


def _divisor(image: Image.Image, shrink_to: int) -> int:
    """Return by how much a JPEG may be scaled while it is decoded."""
    shorter = min(image.size)
    divisors = (d for d in (8, 4, 2) if shorter // d >= shrink_to)
    return next(divisors, 1) if image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L") else 1


def _turbo(content: bytes, image: Image.Image, divisor: int) -> np.ndarray | None:
    """Decode an ordinary JPEG by simplejpeg: uint8 RGB, (H, W, 3); None where Pillow must."""
    decoder = _simplejpeg()
    if decoder is None or image.format not in ("JPEG", "MPO"):
        return None
    try:
        height, width, colours, _ = decoder.decode_jpeg_header(content)
        if colours not in ("YCbCr", "Gray") or (width, height) != image.size:
            return None
        least = (
            {"min_height": -(-height // divisor), "min_width": -(-width // divisor)} if divisor > 1 else {}
        )
        return np.asarray(decoder.decode_jpeg(content, "RGB", **least))
    except ValueError:
        return None


@cache
def _simplejpeg() -> ModuleType | None:
    try:
        import simplejpeg
    except ImportError:
        return None
    module: ModuleType = simplejpeg
    return module


def _orientation(image: Image.Image) -> int:
    """Read the EXIF orientation; broken metadata never cost the picture."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # seen: SyntaxError, ValueError, struct.error, UnicodeDecodeError, ZeroDivisionError
        return 1


def _flat(image: Image.Image) -> Image.Image:
    """Bring every mode to RGB: deep greys scaled, transparency laid on white."""
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Scale 16-bit, 32-bit and floating greys to uint8.

    A 16-bit grey has one scale. Wider ones carry none, so it is the smallest of 1 (floats), 255, 65535 and
    the brightest value itself that holds the picture; what is not a number is black.
    """
    if values.dtype.itemsize == 2:
        return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    floating = values.dtype.kind == "f"
    with np.errstate(invalid="ignore"):  # NumPy tells of signalling NaNs, which are not numbers either
        values = values.astype(np.float64)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).clip(min=0)
    brightest = float(values.max())
    scale = next((top for top in (1, 255, 65535) if brightest <= top and (top > 1 or floating)), brightest)
    return np.rint(values * (255 / scale)).astype(np.uint8)


def _one_line(error: BaseException) -> str:
    """Return an error's words on one line, or its type where it has none."""
    return " ".join(str(error).split())[:200] or type(error).__name__
