"""Processes for tests: one function run by several that have met over gloo."""

import multiprocessing
import os
import pickle
import socket
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch

from alexnet.distributed.group import joined


def run(
    function: Callable[..., Any], count: int, folder: Path, *arguments: Any, scheme: str = "data"
) -> list[Any]:
    """Run `function(processes, *arguments)` in `count` new processes, and return what each returned, in order.

    Args:
        function: at the top of a module, so that a new process can import it.
        count: how many.
        folder: where they leave what they return; new for each run.
    """
    folder.mkdir(exist_ok=True)
    context = multiprocessing.get_context("spawn")
    port = free_port()
    started = [
        context.Process(target=_one, args=(function, rank, count, port, folder, scheme, arguments))
        for rank in range(count)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(120)
    assert [process.exitcode for process in started] == [0] * count
    return [pickle.loads((folder / f"{rank}.pickle").read_bytes()) for rank in range(count)]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _one(
    function: Callable[..., Any], rank: int, count: int, port: int, folder: Path, scheme: str, arguments: Any
) -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("error")  # as pytest has it
    os.environ |= {
        "RANK": str(rank),
        "WORLD_SIZE": str(count),
        "LOCAL_RANK": str(rank),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    with joined(scheme, timedelta(seconds=60)) as processes:
        answer = function(processes, *arguments)
    (folder / f"{rank}.pickle").write_bytes(pickle.dumps(answer))
