"""The threads that vary pictures."""

import subprocess
import sys
from typing import Final

import pytest

FORKED: Final = """
import os, signal, time
import numpy as np
from alexnet.kernels import pixels

pictures, offsets, mirrored = np.zeros((64, 3, 8, 8), np.uint8), np.zeros((64, 2), np.int32), np.zeros(64, bool)
if pixels.fits(pictures, 4):
    pixels.cores = lambda: 2
    pixels.crop(pictures, offsets, mirrored, 4)
    time.sleep(0.2)  # until the threads wait for more
    if (child := os.fork()) == 0:
        signal.alarm(20)
        pixels.crop(pictures, offsets, mirrored, 4)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    """As in a server, or a DataLoader, that forks after its parent has varied pictures."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], check=True, timeout=60)
