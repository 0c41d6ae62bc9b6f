"""A process with one contestant in it: a line on standard input is a step, a line on standard output its seconds.

Each contestant has its own allocator, threads and memory, and sleeps while another is measured.
"""

import json
import os
import subprocess
import sys
import time
from typing import Any, Self, final

import torch

from alexnet.errors import AlexNetError


@final
class Worker:
    """A contestant, ready to take steps when told; a context manager.

    Args:
        contestant: its name in `CONTESTANTS`.
        batch: pictures a step.
        threads: that it may use.
    Raises:
        AlexNetError: it could not be made ready; the message is its last line.
    """

    def __init__(self, contestant: str, batch: int, threads: int) -> None:
        command = [sys.executable, "-m", "alexnet.bench.worker", contestant, str(batch), str(threads)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment(threads),
        )
        self.contestant, self.batch = contestant, batch
        self.first_seconds = self._answer()["seconds"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def seconds(self) -> float:
        """Let it take one step, and return how long that took."""
        return float(self._ask("step")["seconds"])

    def peak_bytes(self) -> int:
        """Return the most memory that its process has had."""
        return int(self._ask("peak")["bytes"])

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _ask(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        line = self._process.stdout.readline()
        if not line:
            said = self._process.stderr.read().strip().splitlines() or ["it ended without a word"]
            self.close()
            raise AlexNetError(f"{self.contestant} cannot be measured: {said[-1]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def environment(threads: int) -> dict[str, str]:
    """Return what other libraries must read before they start: the processor alone, its threads, no chatter."""
    return {
        "JAX_PLATFORMS": "cpu",
        "PJRT_NPROC": str(threads),  # JAX's threads; it has no setting for them
        "NPROC": str(threads),  # the same in older releases
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }


def _serve(contestant: str, batch: int) -> None:
    from alexnet.bench.contestants import CONTESTANTS

    began = time.perf_counter()
    step = CONTESTANTS[contestant](batch)
    step()
    _say(seconds=time.perf_counter() - began)  # until the first step is done
    for line in sys.stdin:
        if line.strip() == "peak":
            import resource

            _say(bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
            continue
        began = time.perf_counter()
        step()
        _say(seconds=time.perf_counter() - began)


def _say(**answer: float) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[3]))
    _serve(sys.argv[1], int(sys.argv[2]))
