"""What `alexnet serve` says: where it listens, once it does."""

import logging
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alexnet.cli.options import views_of
from alexnet.cli.terminal.showing import say
from alexnet.errors import AlexNetError, missing

if TYPE_CHECKING:
    from alexnet.serving.service import Service


def serve(options: Mapping[str, Any]) -> None:
    """Serve as the command's options say.

    Raises:
        AlexNetError: a library is absent, the address is taken, the key cannot be used, or a network not be loaded.
    """
    for package, name in (("starlette",) * 2, ("uvicorn",) * 2, ("python_multipart", "python-multipart")):
        try:
            __import__(package)
        except ImportError:
            raise missing(name, "serve", "alexnet serve") from None
    from alexnet import memory
    from alexnet.serving.http.guard import is_loopback
    from alexnet.serving.http.keys import read_key
    from alexnet.serving.http.server import listening
    from alexnet.serving.http.server import serve as serve_http
    from alexnet.serving.http.settings import HttpSettings
    from alexnet.serving.http.workers import Workers
    from alexnet.serving.service import Settings
    from alexnet.serving.settings import MEGABYTE, Limits

    memory.tune_allocator()  # before the first tensor: this process is our own
    http = HttpSettings(
        host=options["host"],
        port=options["port"],
        key=read_key(options["api_key_file"]),
        hosts=options["allow_host"],
        access_log=options["access_log"],
        drain_seconds=options["drain_delay"],
        reload_seconds=options["reload_every"],
    )
    limits = Limits(
        body_bytes=options["max_body"] * MEGABYTE,
        images=options["max_images"],
        pixels=options["max_pixels"] * 1_000_000,
        latency_seconds=options["latency"],
        request_seconds=options["timeout"],
    )
    settings = Settings(
        options["runs"],
        options["device"],
        views_of(options["views"]),
        limits,
        options["decoders"],
        options["index"],
    )
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    with listening(http.host, http.port) as listener:
        if not is_loopback(http.host) and http.key is None:
            say(
                f"{http.host} is open to other machines and asks for no key: give one with --api-key-file FILE"
            )
        host = f"[{http.host}]" if ":" in http.host else http.host
        address = f"http://{host}:{listener.getsockname()[1]}"
        if options["workers"] == 1:
            return serve_http(settings, http, listener, on_ready=lambda service: _say_where(service, address))
        workers = Workers(
            settings,
            http,
            listener,
            options["workers"],
            on_ready=lambda service: _say_where(service, address),
            on_error=_say_error,
        )
        sys.exit(workers.run())


def _say_error(error: AlexNetError) -> int:
    say(f"alexnet: {' '.join(str(error).split())}")
    return error.exit_code


def _say_where(service: "Service", address: str) -> None:
    for model in service.models.values():
        fixed, each = model.cost.fixed * 1000, model.cost.each * 1000
        say(
            f"{model.name}: {each:.1f} ms a picture and {fixed:.1f} ms a batch, "
            f"batches of up to {model.largest} pictures"
        )
    say(f"serving on {address}: the page at /, how programs ask at /docs; Ctrl-C ends it")
