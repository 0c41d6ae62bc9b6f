"""The architecture that a name stands for: of a network, a recipe, a definition file, a run or published weights."""

import dataclasses
import inspect
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alexnet.errors import RecipeError, choices
from alexnet.networks.catalogue import NAMES, NETWORKS, architecture
from alexnet.networks.stage import Architecture
from alexnet.recipes import RECIPES
from alexnet.weights.loading import load_checkpoint
from alexnet.weights.shipped import known


def named_architecture(name: str, options: Mapping[str, Any]) -> tuple[Architecture, str]:
    """Return the architecture that a name stands for, some of its fields chosen, and what its recipe says of itself.

    Args:
        name: of a network, a recipe or published weights, a definition FILE.cfg, a run directory or a checkpoint file.
        options: fields of the architecture, by name.
    Returns:
        the architecture, and the documentation of the recipe of that name, empty where it is none.
    Raises:
        RecipeError: there is no such name or field.
        CheckpointError: the run or the weights cannot be read.
    """
    if os.path.isdir(name) or Path(name).suffix == ".safetensors":
        return _changed(load_checkpoint(name).architecture, options), ""
    if name in RECIPES:
        return _changed(RECIPES[name]().network, options), inspect.getdoc(RECIPES[name]) or ""
    if name not in NETWORKS and name in known():
        return _changed(load_checkpoint(name).architecture, options), ""
    if name not in NETWORKS and not name.endswith(".cfg"):
        listed = choices(name, [*NAMES, *(known for known in RECIPES if known not in NAMES)])
        raise RecipeError(f"`{name}` is neither a network nor a recipe; {listed}; or a FILE.cfg or a RUN")
    return architecture(name, **options), ""


def _changed(found: Architecture, options: Mapping[str, Any]) -> Architecture:
    """Return an architecture with some of its fields chosen."""
    fields = {field.name for field in dataclasses.fields(found)}  # type: ignore[arg-type]  # always a dataclass
    for option in options:
        if option not in fields:
            raise RecipeError(f"{found.kind} has no {option} to choose; a definition FILE.cfg has")
    changed: Architecture = dataclasses.replace(found, **options)  # type: ignore[type-var]  # always one
    return changed
