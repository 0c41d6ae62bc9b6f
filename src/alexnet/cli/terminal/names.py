"""The networks, recipes and weights there are, and what each is in a line."""

import inspect

from alexnet.cli.terminal.showing import show, show_json


def show_names(*, as_json: bool) -> None:
    """Print the networks, recipes and weights there are, and what each is in a line."""
    from alexnet.networks.catalogue import NETWORKS
    from alexnet.recipes import RECIPES
    from alexnet.weights.shipped import known

    networks = {name: _first_line(kind) for name, kind in NETWORKS.items() if name != "definition"}
    recipes = {name: _first_line(function) for name, function in RECIPES.items()}
    weights = {name: f"{one.network}, trained on {one.trained_on}" for name, one in known().items()}
    found = {"networks": networks, "recipes": recipes, "weights": weights}
    if as_json:
        show_json(found, indent=2)
        return
    for heading, entries in found.items():
        show(f"{heading}:")
        for name, line in entries.items():
            show(f"  {name:24} {line}")


def _first_line(documented: object) -> str:
    return (inspect.getdoc(documented) or "").splitlines()[0]
