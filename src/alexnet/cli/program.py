"""How a command ends: with its exit code, and one line for what a user can mend."""

import contextlib
import errno
import os
import re
import sys
import warnings
from typing import Final, NoReturn

import click

from alexnet.cli import alexnet
from alexnet.cli.terminal.streams import configure_streams, discard, format_warning, reader_has_gone
from alexnet.errors import AbsentWeightsError, AlexNetError, choices
from alexnet.text import visible

COMPLETION: Final = "_ALEXNET_COMPLETE"
"""The variable by which a shell asks what may be typed next; docs/commands.md says how it is told to."""


def run() -> NoReturn:
    """Run the command of `sys.argv`; print what a user can mend in one line, and exit with its code."""
    warnings.formatwarning = format_warning
    configure_streams()
    try:
        code = _invoke(sys.argv[1:])
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.UsageError as error:
        code = _usage(error)
    except click.ClickException as error:
        code = _say(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        code = _say("interrupted", 130)
    except AlexNetError as error:
        if "--debug" in sys.argv:
            import traceback

            traceback.print_exc()
        code = _say(str(error), error.exit_code)
    except OSError as error:
        code = _stream_error(error)
    sys.exit(code)


def _invoke(arguments: list[str]) -> int:
    """Run a command, or answer a shell that asks for completions."""
    if instruction := os.environ.get(COMPLETION):
        from click.shell_completion import shell_complete

        return shell_complete(alexnet, {}, "alexnet", COMPLETION, instruction)
    while True:
        try:  # not click's main, which takes an EOFError, such as that of an empty file, for Ctrl-C
            with alexnet.make_context("alexnet", arguments) as context:
                alexnet.invoke(context)
            return 0
        except AbsentWeightsError as error:
            from alexnet.cli.terminal.fetching import fetch_if_agreed

            fetch_if_agreed(error)  # and begin again: nothing is printed before weights are there


def _say(text: str, code: int) -> int:
    """Print why the command ends, in one line, and return its exit code."""
    with contextlib.suppress(BrokenPipeError):
        print(f"alexnet: {visible(' '.join(text.split()))}", file=sys.stderr, flush=True)
    return code


def _usage(error: click.UsageError) -> int:
    """Print what of a command's words was wrong, and what was probably meant."""
    path = error.ctx.command_path if error.ctx is not None else "alexnet"
    message = error.format_message().strip().rstrip(".")
    wrong = re.search("'([^']*)' is not one of", message)
    if isinstance(error, click.NoSuchOption):
        near = f"; did you mean `{error.possibilities[0]}`?" if error.possibilities else ""
        message = f"`{error.option_name}` is not an option of {path}{near}"
    elif wrong and isinstance(error, click.BadParameter) and error.param is not None:
        known = getattr(error.param.type, "choices", ())  # a click.Choice: in click 8.1 it is not generic
        message = f"{error.param.opts[0]}: `{wrong[1]}` is not one of them; {choices(wrong[1], known)}"
    elif message[1:2].islower():
        message = message[0].lower() + message[1:]
    more = "" if "Choices: " in message else f"; {path} --help says more"
    return _say(message + more, error.exit_code)


def _stream_error(error: OSError) -> int:
    """Return the exit code where nobody reads what is printed, or no space is left for it; raise other errors."""
    if isinstance(error, BrokenPipeError) and any(map(reader_has_gone, (sys.stdout, sys.stderr))):
        discard(sys.stdout)
        return 141  # as a shell has it: 128 and SIGPIPE
    if error.errno == errno.ENOSPC:
        discard(sys.stdout)
        where = error.filename or "standard output"
        return _say(f"no space is left for {where}: make room", 1)
    raise error
