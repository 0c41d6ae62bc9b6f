"""docs/commands.md: every command's help as the command itself gives it.

python -m alexnet.cli.reference > docs/commands.md      (make docs)
"""

from typing import Final

import click

from alexnet.cli import VERBS, alexnet

_WIDTH: Final = 100  # columns
_BEGINNING: Final = """# Commands

What each command says with `--help`. This page is written by `make docs`, and a test compares it with the commands.

Results go to standard output, everything else to standard error, and so `alexnet evaluate ... --json | jq` works. Exit
codes: 0 done, 1 failed, 2 usage, 3 the data is at fault, 130 and 143 interrupted (a run has saved), 141 nobody reads
the output any more.
"""
_END: Final = r"""## Completion

The shell completes commands, options, choices and files after one line in its start-up file, once `alexnet` is on the
path:

| shell | file | line |
|---|---|---|
| bash 4.4 or newer | `~/.bashrc` | `eval "$(_ALEXNET_COMPLETE=bash_source alexnet)"` |
| zsh | `~/.zshrc` | `eval "$(_ALEXNET_COMPLETE=zsh_source alexnet)"` |
| fish | `~/.config/fish/completions/alexnet.fish` | `_ALEXNET_COMPLETE=fish_source alexnet \| source` |
"""


def reference() -> str:
    """Return the page: the group's help, then that of every verb, in the order of `alexnet --help`."""
    settings = {**alexnet.context_settings, "terminal_width": _WIDTH}
    with click.Context(alexnet, info_name="alexnet", **settings) as context:
        parts = [_BEGINNING, _block(alexnet.get_help(context))]
        for verb in VERBS:
            command = alexnet.get_command(context, verb)
            assert command is not None
            parts += _of_command(command, context, verb)
    return "\n".join([*parts, _END])


def _of_command(command: click.Command, context: click.Context, name: str) -> list[str]:
    """Return a command's help under its name, and then that of the commands that it has itself."""
    with click.Context(command, context, name, terminal_width=_WIDTH) as inner:
        parts = [f"## {inner.command_path}\n", _block(command.get_help(inner))]
        if isinstance(command, click.Group):
            for below, each in command.commands.items():
                parts += _of_command(each, inner, below)
    return parts


def _block(text: str) -> str:
    lines = (line.rstrip() for line in text.strip().splitlines())
    return "\n".join(["```", *lines, "```", ""])


if __name__ == "__main__":
    print(reference(), end="")
