"""The threads that vary pictures."""

import subprocess
import sys
from typing import Final

import pytest

FORKED: Final = """
import os, signal, time
from alexnet import cpu

cpu.cores = lambda: 1
cpu.thread_pool().submit(int).result()
time.sleep(0.2)  # until the thread waits for more
if (child := os.fork()) == 0:
    signal.alarm(20)
    cpu.thread_pool().submit(int).result()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    """As in a server, or a DataLoader, that forks after its parent has varied pictures."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], check=True, timeout=60)
