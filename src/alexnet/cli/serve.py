"""alexnet serve: networks that name the classes of pictures over HTTP."""

from typing import Any

import click

from alexnet.cli.options import PATH, device, views


@click.command("serve")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address; 0.0.0.0 is every one.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one."
)
@device("cpu")
@views("1")
@click.option("--index", type=PATH, metavar="INDEX", help="Of alexnet search: similar pictures too.")
@click.option("--api-key-file", type=PATH, metavar="FILE", help="Clients show this key. [ALEXNET_API_KEY]")
@click.option(
    "--allow-host", multiple=True, metavar="NAME", help="A name that clients may call it by; repeatable."
)
@click.option(
    "--max-body", type=click.IntRange(min=1), default=20, show_default=True, help="MB of one request."
)
@click.option(
    "--max-images", type=click.IntRange(min=1), default=64, show_default=True, help="Pictures of one."
)
@click.option(
    "--max-pixels", type=click.IntRange(min=1), default=64, show_default=True, help="Millions, of one."
)
@click.option(
    "--latency",
    type=click.FloatRange(min=0.01),
    default=1.0,
    show_default=True,
    help="Seconds to wait at most.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    help="Seconds for one request.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes, of small networks.",
)
@click.option(
    "--decoders", type=click.IntRange(min=1), metavar="N", help="Processes that decode [one a core]."
)
@click.option(
    "--drain-delay",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Seconds after SIGTERM.",
)
@click.option(
    "--reload-every",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Seconds; 0: SIGHUP.",
)
@click.option("--access-log/--no-access-log", default=True, help="A JSON line for each request.")
def command(**options: Any) -> None:
    """Name the classes of pictures over HTTP, by each RUN, until a signal says to end.

    RUN is a run directory, a checkpoint or a file of weights of another program, or a name of alexnet weights;
    NAME=RUN gives it another name. Needs the extra `serve`: pip install "alexnet[serve]".

    A page to try it is at /, how programs ask at /docs; /ready, /health and /metrics are for whoever runs it.
    The access log goes to standard output. SIGTERM ends it once what was accepted is done, SIGHUP loads every
    RUN anew, and so does a RUN that has changed.
    """
    from alexnet.cli.terminal.serving import serve

    serve(options)
