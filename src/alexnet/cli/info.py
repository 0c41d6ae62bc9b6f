"""alexnet info: what a network is made of."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alexnet.cli.options import PATH, as_json

if TYPE_CHECKING:
    from alexnet.networks.stage import Architecture
    from alexnet.networks.summary import StageSummary


@click.command("info")
@click.argument("name", metavar="[NAME|FILE|RUN]", required=False)
@click.option("--classes", type=click.IntRange(min=1), help="How many classes the last layer tells apart.")
@click.option("--side", type=click.IntRange(min=1), help="Height and width of the input, in pixels.")
@click.option("--params", type=PATH, metavar="FILE", help="Layer parameters of a definition FILE.")
@click.option("--keep-columns", is_flag=True, help="Leave the columns of a definition unmerged.")
@as_json
def command(
    name: str | None,
    classes: int | None,
    side: int | None,
    params: Path | None,
    keep_columns: bool,
    as_json: bool,
) -> None:
    """Show a network's layers: shapes, parameters, units, multiplications, receptive fields.

    NAME is a network, a recipe or published weights; FILE a layer definition of the 2012 program
    (layers-145.cfg); RUN a run directory or checkpoint. Without one, the names there are.
    """
    from alexnet.cli.terminal.names import show_names
    from alexnet.cli.terminal.showing import show, show_json
    from alexnet.networks.cudaconvnet.sections import read_text
    from alexnet.networks.summary import summary
    from alexnet.recipes.architectures import named_architecture
    from alexnet.weights.shipped import known

    if name is None:
        show_names(as_json=as_json)
        return
    options: dict[str, Any] = {"classes": classes, "side": side} | ({"merged": False} if keep_columns else {})
    if params is not None:
        options |= {"parameters": read_text(params), "parameters_name": params.name}
    options = {key: value for key, value in options.items() if value is not None}
    architecture, about = named_architecture(name, options)
    stages = summary(architecture)
    if as_json:
        show_json(_plain(name, architecture, stages), indent=2)
    else:
        _show(name, architecture, stages, about)
        if name in known():
            show(f"\nweights of that name: alexnet weights {name}")


def _show(name: str, architecture: "Architecture", stages: list["StageSummary"], about: str) -> None:
    from rich.table import Table

    from alexnet.cli.terminal.showing import show, show_table
    from alexnet.networks import table as layers
    from alexnet.networks.summary import totals

    sums = totals(stages)
    title = layers.title(name, architecture.side, architecture.classes)
    table = Table(title=title, title_justify="left", show_footer=True)
    for heading, total in zip((*layers.HEADINGS, *layers.NUMBERS), layers.total_row(stages), strict=True):
        table.add_column(heading, total, justify="right" if heading in layers.NUMBERS else "left")
    for row in layers.rows(stages):
        table.add_row(*row)
    show_table(table)
    for what, count, why in (
        ("parameters", sums["parameters"], ""),
        ("if every position had its own filters", sums["unshared"], "sharing weights saves that"),
        ("if every unit saw all below it", sums["fully_connected"], "locality saves the rest"),
    ):
        times = f"   {count / sums['parameters']:,.1f} times: {why}" if why else ""
        show(f"{what:38} {count:>18,}{times}")
    if about:
        show(f"\nrecipe {name}: {about}")


def _plain(name: str, architecture: "Architecture", stages: list["StageSummary"]) -> dict[str, Any]:
    from alexnet.networks.summary import totals

    return {
        "name": name,
        "network": architecture.kind,
        "classes": architecture.classes,
        "input": [3, architecture.side, architecture.side],
        "stages": [dataclasses.asdict(stage) for stage in stages],
        "totals": totals(stages),
    }
