"""alexnet report: all that there is to say of a run, or of two, as one page."""

from pathlib import Path

import click

from alexnet.cli.options import PATH, device, views, views_of


@click.command("report")
@click.argument("run", type=PATH)
@click.argument("other", type=PATH, required=False, metavar="[RUN2]")
@click.option(
    "--data", metavar="DATA", help="Name, prepared directory, or folders of pictures [the run's own]."
)
@click.option("--split", metavar="NAME", help="Which of them [test, else validation, else train].")
@views("10")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The page [RUN/report.html].",
)
@click.option("--format", "kind", type=click.Choice(["html", "md"]), help="[as FILE ends, else html]")
@device("auto")
def command(
    run: Path,
    other: Path | None,
    data: str | None,
    split: str | None,
    views: str,
    output: Path | None,
    kind: str | None,
    device: str,
) -> None:
    """Write all that there is to say of RUN as one page: errors, curves, confusion, mistakes, kernels, recipe.

    The page is one file, without scripts, and loads nothing; --format md is for a README or a pull request.
    With RUN2 both stand beside each other, evaluated on the same pictures. Without --data the pictures are those
    that RUN was trained on, where they still lie there.
    """
    from alexnet.cli.terminal.progress import walking
    from alexnet.cli.terminal.showing import say
    from alexnet.inspection.report.report import report

    runs = [run, *([other] if other else [])]
    with walking("evaluating") as progress:
        path = report(
            runs,
            data,
            split=split,
            output=output,
            format=kind,
            views=views_of(views),
            device=device,
            progress=progress,
            say=say,
        )
    say(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
    click.echo(path)
