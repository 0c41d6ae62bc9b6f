"""The command `alexnet`, and `python -m alexnet`."""

import errno
import io
import os
import signal
import sys
import traceback
import warnings

import click

from alexnet.cli import alexnet
from alexnet.errors import AlexNetError


def main() -> None:
    """Run a command; print what a user can mend in one line, and exit with its code."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # tidily, where nothing needs saving
    warnings.formatwarning = _format_warning
    _configure_streams()
    try:
        sys.exit(alexnet.main(prog_name="alexnet", standalone_mode=False) or 0)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        print("alexnet: interrupted", file=sys.stderr)
        sys.exit(130)
    except AlexNetError as error:
        if "--debug" in sys.argv:
            traceback.print_exc()
        print(f"alexnet: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        # What standard output still holds would fail again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        where = error.filename or "standard output"
        print(f"alexnet: no space is left for {where}: make room", file=sys.stderr)
        sys.exit(1)


def _configure_streams() -> None:
    """Let no name be too odd to be printed, and a closed standard output be one that nobody reads."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # as long as the process
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error has it


def _format_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Return what a warning looks like: one line, and where it is not ours, its place."""
    place = (
        "" if category.__module__.startswith("alexnet") else f" ({category.__name__}, {filename}:{lineno})"
    )
    return f"alexnet: {message}{place}\n"


if __name__ == "__main__":
    main()
