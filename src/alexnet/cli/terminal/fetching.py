"""Weights fetched because someone said so: with a bar, or asked for at a terminal."""

import os
import sys
from pathlib import Path

import click

from alexnet.cli.terminal.progress import downloading
from alexnet.cli.terminal.showing import say
from alexnet.cli.terminal.streams import is_terminal
from alexnet.downloads import offline
from alexnet.errors import AbsentWeightsError


def fetch_shown(name: str, mirror: str | None = None) -> Path:
    """Fetch published weights, saying what comes from where, and return where their checkpoint is.

    Args:
        name: of the weights; or hf:owner/name, a network of the Hub.
        mirror: an address of the same file, asked before the publisher's.
    Raises:
        CheckpointError: there are no weights of that name, or they cannot be fetched.
    """
    from alexnet.weights.adopting import fetch
    from alexnet.weights.hub import fetched, is_hub_name
    from alexnet.weights.shipped import named

    if is_hub_name(name):
        if mirror is not None:
            raise click.UsageError("--mirror is for published weights: HF_ENDPOINT names another Hub")
        return fetched(name, local_files_only=offline())
    weights = named(name)
    with downloading(name) as on_progress:
        return fetch(weights, say, mirror=mirror, on_progress=on_progress)


def fetch_if_agreed(error: AbsentWeightsError) -> None:
    """Ask at a terminal whether absent weights are to be fetched, and fetch them.

    Args:
        error: that tells which are absent.
    Raises:
        AbsentWeightsError: the same, where nobody can be asked, the network is forbidden, or the package lacks them.
        CheckpointError: they cannot be fetched.
    """
    from alexnet.weights.hub import is_hub_name
    from alexnet.weights.shipped import named

    alone = os.environ.get("WORLD_SIZE", "1") == "1"  # of several processes none asks
    lacking = not is_hub_name(error.name) and named(error.name).shipped is not None
    if not (is_terminal() and sys.stderr.isatty() and alone) or offline() or lacking:
        raise error
    say(f"alexnet: {error}")
    if not click.confirm(f"Fetch {error.name} now?", err=True):
        raise SystemExit(error.exit_code)
    fetch_shown(error.name)
