"""alexnet predict: the best classes of pictures, of any number and from anywhere."""

import sys
from pathlib import Path

import click

from alexnet.cli.options import PATH, device, views, views_of, workers


@click.command("predict")
@click.argument("run", type=PATH)
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="Classes a picture.")
@click.option(
    "--threshold", type=click.FloatRange(0, 1), default=0.0, metavar="P", help="Leave out less probable ones."
)
@views("1")
@device("cpu")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON lines, as when standard output is no terminal."
)
@click.option("-o", "--output", type=PATH, metavar="FILE", help="Write .csv, .jsonl or .parquet instead.")
@click.option("--copy-into", type=PATH, metavar="DIR", help="Copy pictures into a folder for each class.")
@click.option("--link-into", type=PATH, metavar="DIR", help="Link to pictures from a folder for each class.")
@click.option(
    "--watch", type=PATH, metavar="DIR", help="Go on with pictures that appear in DIR, till Ctrl-C."
)
@click.option("--allow-urls", is_flag=True, help="Fetch pictures from http:// and https:// addresses.")
@click.option(
    "--stdin",
    type=click.Choice(["paths", "bytes"]),
    default="paths",
    show_default=True,
    help="What - stands for: paths, one a line, or one picture.",
)
@click.option("-0", "--null", is_flag=True, help="Paths on lists end with a zero byte, as of find -print0.")
@workers
def command(
    run: Path,
    inputs: tuple[str, ...],
    top: int,
    threshold: float,
    views: str,
    device: str,
    as_json: bool,
    output: Path | None,
    copy_into: Path | None,
    link_into: Path | None,
    watch: Path | None,
    allow_urls: bool,
    stdin: str,
    null: bool,
    workers: int | None,
) -> None:
    """Name the best classes of pictures, as RUN sees them: in their order, and of any number.

    RUN is a run directory, a checkpoint or a file of weights of another program, a name of alexnet weights, a folder
    of alexnet convert --to hub, or hf:owner/name, a network of the Hub that has been fetched.

    INPUT is a picture, a folder with pictures in it or below, a zip or tar archive or something in one
    (photos.zip/cats/a.jpg), a pattern ('photos/**/*.jpg'), @LIST, a file with a path on each line, or -, such a list
    on standard input.

    A picture that cannot be read has a line with the reason, the others are classified all the same, and the
    exit code is 3. Nothing that lies in a folder of --copy-into or --link-into is overwritten.
    """
    if not inputs and watch is None:
        raise click.UsageError("missing argument 'INPUT...': give a picture, a folder, @LIST or -")
    from contextlib import ExitStack
    from itertools import chain

    from alexnet.cli.terminal.predicting import Predicting
    from alexnet.cli.terminal.predictions import showing_results
    from alexnet.cli.terminal.stopping import until_a_signal
    from alexnet.cli.terminal.streams import may_show_a_bar
    from alexnet.data.workers.decoders import Decoders

    with ExitStack() as stack:
        decoders = stack.enter_context(Decoders(workers))
        decoders.start()  # while torch is imported and the network read
        from alexnet.inference.inputs.arguments import pictures
        from alexnet.inference.inputs.watching import watched
        from alexnet.inference.sorting import Sorter
        from alexnet.weights.loading import load

        sorted_into = tuple(one for one in (copy_into, link_into) if one is not None)
        watching = watched(watch, stack.enter_context(until_a_signal()), exclude=sorted_into) if watch else ()
        classifier = load(run, device=device)
        count, live = min(top, len(classifier.classes)), watch is not None or "-" in inputs
        shown = showing_results(as_json=as_json, output=output, count=count, at_once=live)
        sorters = [Sorter(one, link=one is link_into) for one in sorted_into]
        predicting = Predicting(stack.enter_context(shown), sorters, may_show_a_bar(output))
        limits = {"allow_urls": allow_urls, "null": null, "bytes_on_stdin": stdin == "bytes"}
        found = pictures(*inputs, **limits, exclude=sorted_into, passed=predicting.pass_over)
        results = classifier.predict_stream(
            chain(found, watching), top, views=views_of(views), threshold=threshold, decoders=decoders
        )
        code = predicting.run(results)
    sys.exit(code)
