"""Pictures damaged at random: each is decoded or refused, and the fast decoder never differs from Pillow."""

import io
import random

import numpy as np
import pytest
from hostile import shown
from PIL import Image

from alexnet.data.decoding import decoding
from alexnet.data.decoding.images import decode, square
from alexnet.errors import DataError

PICTURES = 5000
KINDS: tuple[tuple[str, dict[str, object]], ...] = (
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("PNG", {}),
    ("GIF", {}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("PPM", {}),
)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Change some bytes, most of them near the beginning; cut the end off; put bytes in, or take some out."""
    changed, position = bytearray(content), rng.randrange(len(content))
    match rng.choices(("change", "cut", "insert", "remove"), (6, 2, 1, 1))[0]:
        case "change":
            for _ in range(rng.choice((1, 1, 2, 5, 20))):
                reach = min(len(changed), 4000) if rng.random() < 0.6 else len(changed)
                changed[rng.randrange(reach)] = rng.randrange(256)
        case "cut":
            del changed[position:]
        case "insert":
            changed[position:position] = rng.randbytes(30)
        case _:
            del changed[position : position + rng.randrange(50)]
    return bytes(changed)


def decoded(content: bytes) -> np.ndarray | None:
    """Decode, or be refused in one line."""
    try:
        return decode(content)
    except DataError as error:
        words = str(error)
    assert "\n" not in words
    return None


@pytest.mark.filterwarnings("ignore")  # Pillow warns of broken metadata, and shows the picture
def test_damaged_pictures_are_decoded_or_refused_and_jpegs_as_pillow_has_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = random.Random(0)
    noise = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((90, 70), Image.Resampling.BICUBIC)
    whole = [content for content, _ in shown().values()]
    for kind, options in KINDS:
        stream = io.BytesIO()
        picture.save(stream, kind, **options)
        whole.append(stream.getvalue())
    refused = jpegs = 0
    for _ in range(PICTURES):
        content = damaged(rng.choice(whole), rng)
        found = decoded(content)
        if found is None:
            refused += 1
        else:
            assert found.dtype == np.uint8
            assert found.shape[2:] == (3,)
            assert square(content, 64).shape == (3, 64, 64)
        if content[:2] == b"\xff\xd8" and decoding.turbo():
            jpegs += 1
            with monkeypatch.context() as patch:
                patch.setattr(decoding, "_simplejpeg", lambda: None)
                plain = decoded(content)
            assert (found is None) == (plain is None)
            assert found is None or plain is None or np.array_equal(found, plain)
    assert PICTURES / 10 < refused < PICTURES * 9 / 10
    assert jpegs > PICTURES / 20 or not decoding.turbo()
