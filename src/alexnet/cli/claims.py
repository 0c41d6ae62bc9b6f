"""alexnet claims: the paper's claims, run again, and what came of them."""

from pathlib import Path

import click

from alexnet.cli.options import PATH, device

FOLDER = Path("claims")


@click.group("claims", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List the paper's claims that can be run again here; `run` runs one, `report` says what came of all.

    Each is an experiment at the scale of this machine, with what would agree and what would disagree written down
    before it is run.
    """
    if context.invoked_subcommand is not None:
        return
    from rich.table import Table

    from alexnet.claims.experiments import CLAIMS
    from alexnet.cli.terminal.showing import show_table

    table = Table(title="claims", title_justify="left")
    for heading in ("claim", "what it says", "data", "arms", "seeds"):
        table.add_column(heading, justify="right" if heading in ("arms", "seeds") else "left")
    for claim in CLAIMS.values():
        data = ", ".join(claim.data)
        table.add_row(claim.name, claim.title, data, str(len(claim.arms)), str(claim.seeds))
    show_table(table)


@command.command("run")
@click.argument("name")
@click.option(
    "--data", multiple=True, metavar="DATA", help="Instead of the data sets that it names, in order."
)
@click.option("--seeds", type=click.IntRange(1), metavar="N", help="Of each arm [the claim's].")
@click.option("--budget", metavar="TIME", help="Stop after 30m, 2h or 90s; the same command goes on.")
@click.option(
    "--into", type=PATH, default=FOLDER, show_default=True, metavar="DIR", help="Journals and runs."
)
@click.option("--note", default="", metavar="TEXT", help="Said of the pictures beside each figure.")
@click.option("--dry-run", is_flag=True, help="Say what would be run, and keep nothing.")
@device("auto")
def run(
    name: str,
    data: tuple[str, ...],
    seeds: int | None,
    budget: str | None,
    into: Path,
    note: str,
    dry_run: bool,
    device: str,
) -> None:
    """Run the experiment of the claim NAME: what has been stopped or killed goes on, what is done stays."""
    from alexnet.claims.budget import BudgetSpent, within
    from alexnet.claims.experiments import claim_named
    from alexnet.claims.running import Workspace, opened, run_claim
    from alexnet.cli.terminal.claims import seconds_of, show_plan, show_record, show_rule
    from alexnet.cli.terminal.showing import say
    from alexnet.launch.resolve import tune_process

    claim, seconds = claim_named(name), seconds_of(budget)
    tune_process(device)
    workspace = Workspace(into, opened(claim, data), note=note, device=device, say=say)
    show_rule(claim)
    if dry_run:
        show_plan(claim, workspace, seeds or claim.seeds)
        return
    try:
        with within(seconds):
            for record in run_claim(claim, workspace, seeds=seeds):
                show_record(claim, record)
    except BudgetSpent as stop:
        say(str(stop))
        return
    say(f"alexnet claims report {into} says what came of it")


@command.command("report")
@click.argument("folder", type=PATH, default=FOLDER, required=False)
@click.option("-o", "--output", type=PATH, metavar="FILE", help="A page, .md or .html [Markdown, printed].")
def report(folder: Path, output: Path | None) -> None:
    """Write what the journals in FOLDER [claims] say of each claim: a table, and for .html the figures too.

    An .md file that has the lines <!-- claims --> and <!-- /claims --> keeps all that is outside them.
    """
    from alexnet.claims.report import write_report
    from alexnet.cli.terminal.showing import say

    text = write_report(folder, output)
    if output is None:
        click.echo(text, nl=False)
    else:
        say(f"{output} is written")
