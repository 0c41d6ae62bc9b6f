"""Pictures decoded in other processes: the same pixels, and whatever happens to a process, every other picture."""

import io
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alexnet.data.decoding.images import square
from alexnet.data.workers import decoders as module
from alexnet.data.workers.decoders import Decoders
from alexnet.errors import DataError

BRINGS_DOWN = """
import os, signal, time
from PIL import Image
real = Image.open
def opened(file, *given, **named):
    head = file.read(5)
    file.seek(0)
    if head == b"crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if head == b"hangs":
        time.sleep(600)
    return real(file, *given, **named)
Image.open = opened
"""


def picture(seed: int) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_pixels_and_refusals_are_those_of_the_one_decoder(tmp_path: Path) -> None:
    """Of bytes and of files, in any number of processes; a file that is none is not waited for."""
    files = [picture(seed) for seed in range(12)]
    (tmp_path / "\udcff.png").write_bytes(files[0])
    os.mkfifo(tmp_path / "pipe")
    with Decoders(2) as decoders:
        found = [decoders.square(content, 16) for content in files]
        for content, square_found in zip(files, found, strict=True):
            assert np.array_equal(square_found.result(), square(content, 16))
        assert np.array_equal(
            decoders.square(str(tmp_path / "\udcff.png"), 16).result(), square(files[0], 16)
        )
        for wrong, why in (
            (b"", "^empty"),
            (b"text", "^no picture"),
            (files[0][:200], "^(truncated|damaged)"),
            (str(tmp_path), "^unreadable: it is a folder"),
            (str(tmp_path / "pipe"), "^unreadable: it is no regular file"),
            ("/nowhere.png", "^unreadable: No such file"),
            ("a\0b", "^unreadable: embedded null byte"),
        ):
            with pytest.raises(DataError, match=why):
                decoders.square(wrong, 16).result()


@pytest.mark.slow
def test_a_picture_that_takes_its_process_down_or_keeps_it_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a fault in native code does: the processes are given a Pillow that ends of a certain picture."""
    (tmp_path / "sitecustomize.py").write_text(BRINGS_DOWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(module, "PATIENCE", 15.0)
    with Decoders(2) as decoders:
        contents = [picture(1), b"crash", picture(2), b"hangs", picture(3), picture(4)]
        found = [decoders.square(content, 16) for content in contents]
        errors = [one.exception() for one in found]
    assert [str(error) for error in errors if error] == [
        "damaged: it brings the decoder down",
        "damaged: not decoded within 15 s",
    ]
    assert [error is None for error in errors] == [True, False, True, False, True, True]


def test_a_process_that_is_killed_costs_nothing() -> None:
    content = picture(5)
    with Decoders(1) as decoders:
        for _ in range(3):
            assert np.array_equal(decoders.square(content, 16).result(), square(content, 16))
            (process,) = decoders._processes
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        assert decoders.square(content, 16).result().shape == (3, 16, 16)


def test_closed_decoders_leave_no_process_and_take_no_picture() -> None:
    decoders = Decoders(1)
    decoders.square(picture(6), 16).result()
    (process,) = decoders._processes
    decoders.close()
    assert process.poll() is not None
    with pytest.raises(RuntimeError):
        decoders.square(picture(6), 16)
