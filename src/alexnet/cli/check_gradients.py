"""alexnet check-gradients: is the gradient of every parameter what differences say?"""

import click

from alexnet.cli.options import as_json, device
from alexnet.errors import AlexNetError


@click.command("check-gradients")
@click.argument("network", metavar="FILE|NAME")
@click.option(
    "--entries",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Numbers tried of each parameter.",
)
@click.option("--images", type=click.IntRange(min=1), default=2, show_default=True, help="Pictures of noise.")
@click.option(
    "--side", type=click.IntRange(min=1), help="Pixels of the input, to try a large network in small."
)
@click.option("--keep-columns", is_flag=True, help="Leave the columns of a definition unmerged.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of weights, pictures and entries.",
)
@device("cpu")
@as_json
def command(
    network: str,
    entries: int,
    images: int,
    side: int | None,
    keep_columns: bool,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """Compare a network's gradients with central differences in double precision.

    NETWORK is a layer-definition file (layers-145.cfg) or a name. Fails if one is off by 2% or more.
    """
    import dataclasses

    from rich.table import Table

    from alexnet.cli.terminal.showing import show_json, show_table
    from alexnet.device import choose_device
    from alexnet.networks.catalogue import architecture
    from alexnet.networks.gradients import TOLERANCE, check_gradients

    options: dict[str, object] = {"side": side} if side else {}
    if keep_columns:
        options["merged"] = False
    made, where = architecture(network, **options), choose_device(device)
    checks = list(check_gradients(made, images=images, entries=entries, seed=seed, device=where))
    if as_json:
        show_json([{**dataclasses.asdict(check), "agrees": check.agrees} for check in checks], indent=2)
    else:
        table = Table("parameter", "tried", "gradient", "error", "")
        for check in checks:
            verdict = "agrees" if check.agrees else "DIFFERS"
            table.add_row(check.name, str(check.entries), f"{check.norm:.3g}", f"{check.error:.1e}", verdict)
        show_table(table)
    wrong = [check.name for check in checks if not check.agrees]
    if wrong:
        raise AlexNetError(
            f"{len(wrong)} of {len(checks)} gradients differ by {TOLERANCE:.0%} or more: {', '.join(wrong)}"
        )
