"""The networks and recipes there are, and what each is in a line."""

import inspect

from alexnet.cli.terminal.showing import show, show_json


def show_names(*, as_json: bool) -> None:
    """Print the networks and recipes there are, and what each is in a line."""
    from alexnet.networks.catalogue import NETWORKS
    from alexnet.recipes import RECIPES

    networks = {name: _first_line(kind) for name, kind in NETWORKS.items() if name != "definition"}
    recipes = {name: _first_line(function) for name, function in RECIPES.items()}
    if as_json:
        show_json({"networks": networks, "recipes": recipes}, indent=2)
        return
    for heading, entries in (("networks", networks), ("recipes", recipes)):
        show(f"{heading}:")
        for name, line in entries.items():
            show(f"  {name:24} {line}")


def _first_line(documented: object) -> str:
    return (inspect.getdoc(documented) or "").splitlines()[0]
