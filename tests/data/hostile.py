"""Pictures that break programs: made here, byte by byte where encoders refuse to.

`shown` are unusual but sound: each must look like `scene()`. `refused` are broken, dangerous or no pictures: each
has the reasons that may be given.
"""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin


def scene(height: int = 48, width: int = 64) -> np.ndarray:
    """A smooth picture without symmetry: uint8, (H, W, 3)."""
    down, across = np.mgrid[0:height, 0:width]
    red, green = 40 + 180 * across / width, 220 - 180 * down / height
    return np.stack([red, green, 128 + 60 * np.sin(across / 9) * np.cos(down / 7)], axis=2).astype(np.uint8)


def grey_scene() -> np.ndarray:
    """The same in grey: uint8, (H, W, 3)."""
    return np.repeat(scene()[:, :, 1:2], 3, axis=2)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """A picture in a format, as bytes."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def shown() -> dict[str, tuple[bytes, np.ndarray]]:
    """Name, file, and what a viewer shows."""
    image, grey = Image.fromarray(scene()), Image.fromarray(grey_scene()[:, :, 0])
    colour = {
        "png": encoded(image, "PNG"),
        "png interlaced by hand": interlaced(scene()),
        "jpeg 420": encoded(image, "JPEG", quality=95),
        "jpeg 444 progressive": encoded(image, "JPEG", quality=95, subsampling=0, progressive=True),
        "jpeg restart markers": encoded(image, "JPEG", quality=95, restart_marker_rows=1),
        "jpeg with rubbish behind": encoded(image, "JPEG", quality=95) + b"rubbish" * 100,
        "jpeg kept as rgb": encoded(image, "JPEG", quality=95, keep_rgb=True),
        "cmyk jpeg": encoded(image.convert("CMYK"), "JPEG", quality=95),
        "cmyk tiff": encoded(image.convert("CMYK"), "TIFF"),
        "ycbcr tiff": encoded(image.convert("YCbCr"), "TIFF"),
        "lzw tiff": encoded(image, "TIFF", compression="tiff_lzw"),
        "two pages": encoded(image, "TIFF", save_all=True, append_images=[Image.new("RGB", (9, 9))]),
        "palette png": encoded(image.quantize(256), "PNG"),
        "palette gif": encoded(image.quantize(256), "GIF"),
        "animated gif": encoded(
            image.quantize(256), "GIF", save_all=True, append_images=[Image.new("P", (64, 48))]
        ),
        "animated png": encoded(image, "PNG", save_all=True, append_images=[Image.new("RGB", (64, 48))]),
        "animated webp": encoded(
            image, "WEBP", lossless=True, save_all=True, append_images=[Image.new("RGB", (64, 48))]
        ),
        "lossy webp": encoded(image, "WEBP", quality=95),
        "bmp": encoded(image, "BMP"),
        "ppm": encoded(image, "PPM"),
        "opaque rgba": encoded(image.convert("RGBA"), "PNG"),
        "sixteen bits a colour": sixteen_bit_rgb(scene()),
        "broken exif": encoded(image, "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff rubbish"),
        "broken profile": encoded(image, "PNG", icc_profile=b"no profile"),
        "srgb profile": encoded(image, "JPEG", quality=95, icc_profile=srgb()),
        "much text": encoded(image, "PNG", pnginfo=text(100)),
    }
    depths = {
        "grey png": encoded(grey, "PNG"),
        "grey jpeg": encoded(grey, "JPEG", quality=95),
        "grey and alpha": encoded(grey.convert("LA"), "PNG"),
        "16-bit png": encoded(Image.fromarray(grey_scene()[:, :, 0].astype(np.uint16) * 257), "PNG"),
        "16-bit tiff": encoded(Image.fromarray(grey_scene()[:, :, 0].astype(np.uint16) * 257), "TIFF"),
        "32-bit tiff": encoded(Image.fromarray(grey_scene()[:, :, 0].astype(np.int32) * 257), "TIFF"),
        "float tiff to 1": encoded(Image.fromarray(grey_scene()[:, :, 0].astype(np.float32) / 255), "TIFF"),
        "float tiff to 255": encoded(Image.fromarray(grey_scene()[:, :, 0].astype(np.float32)), "TIFF"),
    }
    return {n: (c, scene()) for n, c in colour.items()} | {n: (c, grey_scene()) for n, c in depths.items()}


def refused() -> dict[str, tuple[bytes, tuple[str, ...]]]:
    """Name, file, and the reasons that may be given."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8))
    jpeg, png = encoded(image, "JPEG"), encoded(image, "PNG")
    return {
        "nothing": (b"", ("empty",)),
        "text": (b"<html>404 not found</html>", ("no picture",)),
        "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', ("no picture",)),
        "postscript": (encoded(image, "EPS"), ("no picture",)),
        "pdf": (encoded(image, "PDF"), ("no picture",)),
        "dds": (encoded(image, "DDS"), ("no picture",)),
        "icns": (encoded(image, "ICNS"), ("no picture",)),
        "jpeg cut in half": (jpeg[: len(jpeg) // 2], ("truncated",)),
        "jpeg without its last kilobyte": (jpeg[:-1000], ("truncated",)),
        "jpeg header alone": (jpeg[:20], ("no picture", "truncated", "damaged")),
        "png cut in half": (png[: len(png) // 2], ("truncated",)),
        "png signature alone": (png[:8], ("no picture", "truncated", "damaged")),
        "png with a wrong checksum": (png[:60] + bytes([png[60] ^ 1]) + png[61:], ("damaged", "truncated")),
        "gif cut": (encoded(image.quantize(), "GIF")[:900], ("truncated", "damaged")),
        "webp cut": (encoded(image, "WEBP")[:500], ("truncated", "damaged", "no picture")),
        "tiff cut": (encoded(image, "TIFF")[:100], ("truncated", "damaged", "no picture")),
        "bmp cut": (encoded(image, "BMP")[:500], ("truncated", "damaged")),
        "png that says 100,000 square": (png_claiming(100_000, 100_000), ("too large",)),
        "bmp that says 2^31 wide": (
            bmp_claiming(2**31 - 1, 2**31 - 1),
            ("too large", "damaged", "no picture"),
        ),
        "true bomb": (encoded(Image.new("1", (20_000, 20_000)), "PNG"), ("too large",)),
        "text bomb": (encoded(image, "PNG", pnginfo=text(3_000_000)), ("damaged", "too large")),
        "zero by zero": (png_claiming(0, 0), ("no picture", "damaged", "truncated", "empty")),
    }


def srgb() -> bytes:
    """An sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def text(length: int) -> PngImagePlugin.PngInfo:
    """A text chunk that unpacks to `length` times ten letters."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "ten letter" * length, zip=True)
    return info


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_file(width: int, height: int, depth: int, colours: int, interlace: int, rows: bytes) -> bytes:
    """A PNG file of given header fields and unpacked rows."""
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, interlace)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def sixteen_bit_rgb(pixels: np.ndarray) -> bytes:
    """Colours of 16 bits, which Pillow cannot write."""
    height, width, _ = pixels.shape
    rows = [b"\0" + (row.astype(">u2") * 257).astype(">u2").tobytes() for row in pixels]
    return png_file(width, height, 16, 2, 0, b"".join(rows))


def interlaced(pixels: np.ndarray) -> bytes:
    """Adam7 interlacing, which Pillow cannot write."""
    height, width, _ = pixels.shape
    steps = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    rows = b"".join(b"\0" + row.tobytes() for y, x, dy, dx in steps for row in pixels[y::dy, x::dx])
    return png_file(width, height, 8, 2, 1, rows)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG that says it is larger than it is."""
    return png_file(width, height, 8, 2, 0, b"\0" * 100)


def bmp_claiming(width: int, height: int) -> bytes:
    """A BMP that says it is larger than it is."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 154, 0, 0, 54) + header + b"\0" * 100
