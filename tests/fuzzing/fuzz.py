"""Give every entrance of the package wrong things for some minutes, and print what it does not bear.

python tests/fuzzing/fuzz.py --minutes 10                  all entrances, as many at a time as there are cores
python tests/fuzzing/fuzz.py --entrance cards --seed 4711 --tries 1      one find again, with its traceback

Each try follows from its seed alone. A try may take 20 seconds and 8 GB; a crash of the process is a find too.
"""

import argparse
import faulthandler
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

SECONDS: Final = 20
BYTES: Final = 6 * 2**30


def fuzz(
    entrance: str,
    seed: int,
    *,
    seconds: float = float("inf"),
    tries: int = 2**62,
    begun: Callable[[], object] = lambda: None,
) -> list[dict[str, Any]]:
    """Try an entrance from a seed on, and return the finds.

    Args:
        entrance: one of `ENTRANCES`.
        seed: of the first try; the next has the next.
        seconds, tries: after which it ends.
        begun: called at the beginning of each try.
    Returns:
        for each find the seed, the exception, the lines of this package that it came through, and its traceback.
    """
    from fuzzing.entrances import ENTRANCES

    finds: list[dict[str, Any]] = []
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="alexnet-fuzz-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = ENTRANCES[entrance](Path(folder))
        for number in range(seed, seed + tries):
            if time.monotonic() > until:
                break
            print(json.dumps({"at": number}), flush=True)
            begun()
            try:
                made.once(random.Random(number))
            except BaseException as error:  # whatever comes that is no refusal
                if isinstance(error, KeyboardInterrupt):
                    raise
                lines = traceback.format_exc().strip().splitlines()
                finds.append(
                    {
                        "entrance": entrance,
                        "seed": number,
                        "error": repr(error)[:300],
                        "kind": f"{type(error).__name__} {_where(error)}",
                        "traceback": lines[-12:],
                    }
                )
                print(json.dumps({"find": finds[-1]}), flush=True)
    return finds


def _where(error: BaseException) -> str:
    """Return the line of the package that an exception came from."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "/src/alexnet/" in frame.filename
    ]
    return f"{frames[-1].filename.rpartition('/src/')[2]}:{frames[-1].lineno}" if frames else ""


def _late(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"a try took more than {SECONDS} s")


def _child(arguments: argparse.Namespace) -> None:
    """Try one entrance in this process, within its limits."""
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    signal.signal(signal.SIGALRM, _late)
    import torch

    torch.set_num_threads(1)
    fuzz(
        arguments.entrance[0],
        arguments.seed,
        seconds=60 * arguments.minutes,
        tries=arguments.tries,
        begun=lambda: signal.alarm(SECONDS),
    )


def main() -> int:
    """Run children until the time is over; one that dies begins again behind the try that it died of."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entrance", action="append", help="only this one; may be given again")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each entrance")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--tries", type=int, default=2**62)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        _child(arguments)
        return 0
    from fuzzing.entrances import ENTRANCES

    found = 0
    for entrance in arguments.entrance or list(ENTRANCES):
        seed, until = arguments.seed, time.monotonic() + 60 * arguments.minutes
        tries = 0
        kinds: dict[str, dict[str, Any]] = {}
        while time.monotonic() < until and tries < arguments.tries:
            command = [sys.executable, __file__, "--child", "--entrance", entrance, "--seed", str(seed)]
            command += [
                "--minutes",
                str(max(0.0, until - time.monotonic()) / 60),
                "--tries",
                str(arguments.tries - tries),
            ]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
            at = [line["at"] for line in lines if "at" in line]
            tries += len(at)
            for find in (line["find"] for line in lines if "find" in line):
                kinds.setdefault(find["kind"], find)
            if done.returncode == 0 or not at:
                if done.returncode:
                    kinds["start"] = {
                        "entrance": entrance,
                        "error": f"it does not start: exit code {done.returncode}",
                    }
                break
            kinds[f"exit code {done.returncode}"] = {
                "entrance": entrance,
                "seed": at[-1],
                "error": f"exit {done.returncode}",
            }
            seed = at[-1] + 1
        print(f"{entrance}: {tries:,} tries, {len(kinds)} kinds of finds", flush=True)
        for find in kinds.values():
            print(json.dumps(find, indent=1), flush=True)
        found += len(kinds)
    return 1 if found else 0


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "data")]
    os.environ.setdefault("ALEXNET_HOME", tempfile.mkdtemp(prefix="alexnet-home-"))
    sys.exit(main())
