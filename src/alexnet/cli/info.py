"""alexnet info: what a network is made of."""

import dataclasses
import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from alexnet.networks.stage import Architecture
    from alexnet.networks.summary import StageSummary


@click.command("info")
@click.argument("name", metavar="[NAME|FILE|RUN]", required=False)
@click.option("--classes", type=click.IntRange(min=1), help="How many classes the last layer tells apart.")
@click.option("--side", type=click.IntRange(min=1), help="Height and width of the input, in pixels.")
@click.option(
    "--params",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Layer parameters of a definition FILE.",
)
@click.option("--keep-columns", is_flag=True, help="Leave the columns of a definition unmerged.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    name: str | None,
    classes: int | None,
    side: int | None,
    params: Path | None,
    keep_columns: bool,
    as_json: bool,
) -> None:
    """Show a network's layers: shapes, parameters, units, multiplications, receptive fields.

    NAME is a network or a recipe; FILE a layer definition of the 2012 program (layers-145.cfg); RUN a run
    directory or checkpoint. Without one, the names there are.
    """
    from alexnet.networks.cudaconvnet.sections import read_text
    from alexnet.networks.summary import summary

    if name is None:
        _show_names(as_json=as_json)
        return
    options: dict[str, Any] = {
        "classes": classes,
        "side": side,
        "parameters": read_text(params) if params else None,
        "parameters_name": params.name if params else None,
    }
    options = {key: value for key, value in options.items() if value is not None}
    if keep_columns:
        options["merged"] = False
    architecture, about = _found(name, options)
    stages = summary(architecture)
    if as_json:
        print(json.dumps(_plain(name, architecture, stages), indent=2))
    else:
        _show(name, architecture, stages, about)


def _found(name: str, options: dict[str, Any]) -> tuple["Architecture", str]:
    """Return the architecture that a name stands for, and what is said about it."""
    from alexnet.checkpoint import load
    from alexnet.errors import RecipeError, choices
    from alexnet.networks.catalogue import NAMES, NETWORKS, architecture
    from alexnet.recipes import RECIPES
    from alexnet.runs.checkpoints import best_checkpoint

    path = Path(name)
    if path.is_dir() or path.suffix == ".safetensors":
        found = load(best_checkpoint(path) if path.is_dir() else path)
        return _changed(found.architecture, options), ""
    about = inspect.getdoc(RECIPES[name]) or "" if name in RECIPES else ""
    if name in RECIPES and (name not in NETWORKS or about):
        return _changed(RECIPES[name]().network, options), about
    if name not in NETWORKS and not name.endswith(".cfg"):
        listed = choices(name, [*NAMES, *(known for known in RECIPES if known not in NAMES)])
        raise RecipeError(f"`{name}` is neither a network nor a recipe; {listed}; or a FILE.cfg or a RUN")
    return architecture(name, **options), about


def _changed(architecture: "Architecture", options: dict[str, Any]) -> "Architecture":
    from alexnet.errors import RecipeError

    fields = {field.name for field in dataclasses.fields(architecture)}  # type: ignore[arg-type]  # always a dataclass
    for option in options:
        if option not in fields:
            raise RecipeError(f"{architecture.kind} has no {option} to choose; a definition FILE.cfg has")
    changed: Architecture = dataclasses.replace(architecture, **options)  # type: ignore[type-var]  # always one
    return changed


def _show(name: str, architecture: "Architecture", stages: list["StageSummary"], about: str) -> None:
    from rich.table import Table

    from alexnet.cli.showing import show_table
    from alexnet.networks.summary import totals

    side = architecture.side
    title = f"{name}: pictures of {side} x {side}, {architecture.classes:,} classes"
    table = Table(title=title, title_justify="left", show_footer=True)
    sums = totals(stages)
    shown = {
        "parameters": sums["parameters"],
        "units": sums["units"],
        "multiply-adds": sums["multiply_adds"],
    }
    for heading in ("stage", "does", "reads", "gives"):
        table.add_column(heading, "total" if heading == "stage" else "")
    for heading, total in shown.items():
        table.add_column(heading, f"{total:,}", justify="right")
    table.add_column("field", "", justify="right")
    for stage in stages:
        numbers = (stage.parameters, stage.units, stage.multiply_adds)
        table.add_row(
            stage.name,
            stage.kind,
            ", ".join(stage.inputs),
            "x".join(str(length) for length in stage.shape),
            *(f"{number:,}" if number else "" for number in numbers),
            str(stage.receptive_field),
        )
    show_table(table)
    for what, count, why in (
        ("parameters", sums["parameters"], ""),
        ("if every position had its own filters", sums["unshared"], "sharing weights saves that"),
        ("if every unit saw all below it", sums["fully_connected"], "locality saves the rest"),
    ):
        times = f"   {count / sums['parameters']:,.1f} times: {why}" if why else ""
        print(f"{what:38} {count:>18,}{times}")
    if about:
        print(f"\nrecipe {name}: {about}")


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


def _show_names(*, as_json: bool) -> None:
    """Print the networks and recipes there are, and what each is in a line."""
    from alexnet.networks.catalogue import NETWORKS
    from alexnet.recipes import RECIPES

    networks = {name: _first_line(kind) for name, kind in NETWORKS.items() if name != "definition"}
    recipes = {name: _first_line(function) for name, function in RECIPES.items()}
    if as_json:
        print(json.dumps({"networks": networks, "recipes": recipes}, indent=2))
        return
    for heading, entries in (("networks", networks), ("recipes", recipes)):
        print(f"{heading}:")
        for name, line in entries.items():
            print(f"  {name:24} {line}")


def _first_line(documented: object) -> str:
    return (inspect.getdoc(documented) or "").splitlines()[0]
