"""What a dry run says: what the run would take."""

from typing import TYPE_CHECKING

from alexnet.cli.terminal.showing import duration, say, show_table

if TYPE_CHECKING:
    from alexnet.training.dry_run import DryRun
    from alexnet.training.recipe import Recipe


def show_dry_run(found: "DryRun") -> None:
    """Print what a run would take: the shapes of its layers, memory, speed, time and disk."""
    from rich.table import Table

    table = Table(title="a picture, layer by layer", title_justify="left")
    table.add_column("layer")
    table.add_column("output shape", justify="right")
    for name, shape in found.shapes.items():
        table.add_row(name, " x ".join(str(size) for size in shape))
    show_table(table)
    say(f"parameters: {found.parameters:,}")
    if found.weights.source:
        say(f"weights of {found.weights.source}: {found.weights}")
    say(f"memory: {found.memory / 1e9:.2f} GB at most so far")
    say(f"speed: {found.images_per_second:,.1f} images/s, measured over some steps")
    training, validation, probe = found.training_seconds, found.validation_seconds, found.probe_seconds
    fit = f" and the fit of the last layer {duration(probe)}" if probe else ""
    total = duration(training + validation + probe)
    say(f"time: {total}, of which validation about {duration(validation)}{fit}")
    say(f"disk: {found.disk / 1e6:,.1f} MB of {found.free / 1e6:,.0f} MB free")
    if found.disk > found.free:
        say("the disk is too small: make room, or choose another --run")


def show_collectives(recipe: "Recipe", processes: int) -> None:
    """Print what each scheme would send in a step over so many processes."""
    from rich.table import Table

    from alexnet.networks.parallel.communication import possible

    table = Table(title=f"over {processes} processes, each sends a step", title_justify="left")
    for heading in ("scheme", "gradients", "activations", "parameters held"):
        table.add_column(heading, justify="left" if heading == "scheme" else "right")
    for found in possible(recipe.network, processes, recipe.training.batch_size):
        sent = (f"{value / 1e6:,.2f} MB" for value in (found.gradients, found.activations))
        table.add_row(found.scheme, *sent, f"{found.parameters:,}")
    show_table(table)
