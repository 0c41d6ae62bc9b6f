"""The command line: one verb a file. Nothing here learns; each verb asks the package and prints.

A verb's file is imported when the verb is used, and imports torch inside its function, so that help is
instant. Standard output carries results, standard error everything else.
"""

import importlib
from typing import Final

import click

import alexnet as package

VERBS: Final = {
    "demo": "Train, evaluate and use a small network on hand-written digits, in a minute.",
    "prepare": "Prepare pictures once: squared, packed, with classes and statistics.",
    "check": "Find what is wrong with pictures, before days are spent on them.",
    "train": "Train a network on pictures.",
    "runs": "List runs with their states and errors; free what finished ones no longer need.",
    "digest": "Print one SHA-256 over where a run stands.",
    "evaluate": "Evaluate a run, or the average of several, on pictures of known classes.",
    "predict": "Name the best classes of pictures.",
    "serve": "Name the classes of pictures over HTTP.",
    "features": "Write what a stage of a network gives for every picture, as an array.",
    "search": "Find similar pictures: build an index, query it, add, remove.",
    "look": "Draw what a network has inside: kernels, maps, gradients, predictions, curves.",
    "report": "Write all that there is to say of a run, or of two, as one page.",
    "claims": "Run the paper's claims again, and report what came of them.",
    "info": "Show a network's layers, sizes and parameters, or the names there are.",
    "check-gradients": "Compare a network's gradients with differences of its objective.",
    "weights": "List published weights and where they lie; fetch them.",
    "convert": "Convert weights of other programs, in and out.",
    "bench": "Measure this machine's speed beside its limits and other runtimes.",
    "doctor": "Say what this machine offers and what would speed it up most.",
}


class Verbs(click.Group):
    """The verbs of the table, each imported when it is used."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = importlib.import_module(f"alexnet.cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if arguments and arguments[0] not in VERBS and not arguments[0].startswith("-"):
            from alexnet.errors import choices

            raise click.UsageError(
                f"`{arguments[0]}` is not a command; {choices(arguments[0], VERBS)}", context
            )
        return super().resolve_command(context, arguments)


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package.__version__, prog_name="alexnet")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def alexnet(context: click.Context, debug: bool) -> None:
    """AlexNet, whole: train it, evaluate it, use it.

    Exit codes: 0 done, 1 failed, 2 usage, 3 the data is at fault, 130 or 143 interrupted after saving.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
