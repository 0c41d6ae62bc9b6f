"""alexnet convert: weights of other programs, in and out."""

import os
from pathlib import Path

import click

from alexnet.cli.options import PATH


@click.command("convert")
@click.argument("source", type=PATH)
@click.argument("destination", type=PATH)
@click.option(
    "--to",
    "form",
    type=click.Choice(["checkpoint", "half", "torchvision", "original", "hub"]),
    help="What to write [by the name: .safetensors a checkpoint, .pth torchvision, others original].",
)
@click.option(
    "--mean", metavar="R,G,B|FILE", help="What to subtract: a colour (0-255), .binaryproto or batches.meta."
)
@click.option("--classes", metavar="FILE", type=PATH, help="Names of the classes, one a line.")
@click.option(
    "--class-order",
    type=click.Choice(["sorted", "devkit"]),
    help="Order of ImageNet's thousand classes [what the format is known for].",
)
@click.option(
    "--network", metavar="NAME", help="Where the file does not say, for instance caffe or caffenet."
)
@click.option("--data", metavar="DATA", help="With --to hub: evaluate on these, ten views, for the card.")
@click.option(
    "--licence", metavar="NAME", default="", help="With --to hub: of the weights, mit or cc-by-4.0."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def command(
    source: Path,
    destination: Path,
    form: str | None,
    mean: str | None,
    classes: Path | None,
    class_order: str | None,
    network: str | None,
    data: str | None,
    licence: str,
    force: bool,
) -> None:
    """Convert weights from SOURCE to DESTINATION.

    SOURCE is read by its content: torchvision's alexnet (.pth or .safetensors), Caffe's bvlc_alexnet or CaffeNet
    (.caffemodel), a checkpoint of the program of 2012 (plain, zip, gzip, or its directory), or a run or
    checkpoint of alexnet. Nothing that a file names is ever run.

    With --to hub DESTINATION is a folder with a model card, for this package, timm and the Hub of Hugging Face:
    hf upload OWNER/NAME DESTINATION puts it there.
    """
    from alexnet.cli.terminal.showing import say, show
    from alexnet.interchange import conversion
    from alexnet.interchange.classes import read_classes

    if classes is not None and class_order is not None:
        raise click.UsageError("--classes and --class-order say the same thing: give one")
    if os.path.exists(destination) and not force:
        raise click.UsageError(f"{destination} exists: --force writes over it")
    if form == "hub":
        if (mean, network, class_order, classes) != (None, None, None, None):
            raise click.UsageError("--to hub takes what the run says: convert it to a checkpoint first")
        _share(source, destination, data, licence)
        return
    if data is not None or licence:
        raise click.UsageError("--data and --licence are for the card that --to hub writes")
    form = form or conversion.format_of(destination)
    named = class_order if classes is None else read_classes(classes)
    found = conversion.read(source, network=network, classes=named, mean=mean)
    said = conversion.write(found, destination, form)
    came = found.data.get("converted from", "alexnet")
    order = found.data.get("class order")
    say(f"{source}: {came}, as the network {found.architecture.kind}")
    say(f"  {len(found.classes):,} classes" + (f", order: {order}" if order else ""))
    for note in found.data.get("notes", ()):
        say(f"  {note}")
    show(f"{destination}: {said}")


def _share(source: Path, folder: Path, data: str | None, licence: str) -> None:
    """Write a folder to share, and say what its card says of the errors."""
    from alexnet.cli.terminal.showing import say, show
    from alexnet.evaluation.evaluate import evaluate
    from alexnet.sharing.folder import save_pretrained

    report = evaluate(source, data) if data is not None else None
    save_pretrained(source, folder, report=report, licence=licence)
    if report is not None:
        low, high = report.top1_interval
        say(f"{report.count:,} pictures: {report.top1_error:.2%} error, {low:.2%} to {high:.2%}")
    show(f"{folder}: read README.md, then hf upload OWNER/NAME {folder}")
