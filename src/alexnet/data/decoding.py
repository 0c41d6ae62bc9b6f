"""From the bytes of a picture file to an upright RGB image in Pillow, or the reason why not.

Every refusal is a DataError whose message begins with one of `REASONS`, so that they can be counted.
"""

import contextlib
import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from alexnet.errors import DataError

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM")  # Pillow reads more, some of them dangerous
MAX_PIXELS = 64_000_000
MAX_BYTES = 256 * 2**20
REASONS = ("empty", "too large", "no picture", "truncated", "damaged", "unreadable")

_ORIENTATION = 0x0112  # the EXIF tag
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@contextlib.contextmanager
def reasons() -> Iterator[None]:
    """Turn whatever a broken picture makes a decoder raise into a DataError with a reason."""
    try:
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


def opened(content: bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Open a picture from its bytes and check its size; nothing is decoded yet."""
    if not content:
        raise DataError("empty: the file has no bytes")
    if len(content) > MAX_BYTES:
        raise DataError(f"too large: {len(content)} bytes, at most {MAX_BYTES} are read")
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    width, height = image.size
    if width * height > max_pixels:
        raise DataError(f"too large: {width}x{height} pixels, at most {max_pixels} are decoded")
    return image


def upright(image: Image.Image) -> Image.Image:
    """Decode an opened picture to RGB as a viewer shows it: first frame, colours, transparency,
    orientation."""
    image.load()
    turn = _UPRIGHT.get(_orientation(image))
    flat = _flat(image)
    return flat if turn is None else flat.transpose(turn)


def _orientation(image: Image.Image) -> int:
    """Read the EXIF orientation; broken metadata never cost the picture."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # seen: SyntaxError, ValueError, struct.error, UnicodeDecodeError, ZeroDivisionError
        return 1


def _flat(image: Image.Image) -> Image.Image:
    """Bring every mode to RGB: deep greys scaled, colour profiles applied, transparency laid on white."""
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    transparent = image.has_transparency_data
    profile = image.info.get("icc_profile")
    if transparent:
        image = image.convert("RGBA")
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    if profile:
        image = _in_srgb(image, profile)
    if transparent:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return image.convert("RGB")


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Scale 16-bit, 32-bit and floating greys to uint8.

    A 16-bit grey has one scale. Wider ones carry none, so it is the smallest of 1 (floats), 255, 65535 and
    the brightest value itself that holds the picture; what is not a number is black.
    """
    if values.dtype.itemsize == 2:
        return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    floating = values.dtype.kind == "f"
    values = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0).clip(min=0)
    brightest = float(values.max())
    scale = next((top for top in (1, 255, 65535) if brightest <= top and (top > 1 or floating)), brightest)
    return np.rint(values * (255 / scale)).astype(np.uint8)


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert from the embedded colour profile; one that is broken, or of other colours, is left aside."""
    try:
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(embedded).lower():
            return image  # nearly all profiles in photographs; the conversion would only cost time
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(
            image, embedded, ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except Exception:  # littlecms refuses with PyCMSError, OSError, ValueError, TypeError
        return image
    return image if converted is None else converted


def _one_line(error: BaseException) -> str:
    """Return an error's words on one line, or its type where it has none."""
    return " ".join(str(error).split())[:200] or type(error).__name__
