"""What a person asks to be trained: a recipe by its name, with what is to be otherwise."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, final

from alexnet.data.dataset import Dataset
from alexnet.data.sources.source import Source
from alexnet.errors import DataError, RecipeError, RunError
from alexnet.files import TEXT_BYTES, read_bounded
from alexnet.networks.catalogue import architecture
from alexnet.networks.cudaconvnet.sections import read_text
from alexnet.networks.stage import LARGEST_SIDE, Architecture
from alexnet.recipes import recipe as named
from alexnet.recipes.choice import Choice, PictureFacts, choose
from alexnet.recipes.layer_parameters import with_parameters
from alexnet.recipes.transfer import START, transfer
from alexnet.runs.directory import RECIPE
from alexnet.training.recipe import Recipe
from alexnet.training.stage_rates import with_classes, with_network
from alexnet.weights.loading import load_checkpoint


@final
@dataclass(frozen=True)
class RecipeRequest:
    """A recipe as it is asked for; what it is exactly depends on the pictures."""

    recipe: str | Recipe | None = None
    """A recipe or its name; without one, what `choose` takes."""
    network: str | None = None
    """The name of a network, or a definition file, in place of the recipe's."""
    parameters: Path | None = None
    """A layer-parameter file, whose rates take the place of the recipe's."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Changes to the recipe, by path."""

    def side(self, source: Source) -> int:
        """Choose the side to prepare pictures at, in pixels: their natural one, as far as it suits the network."""
        pictures = PictureFacts.of_source(source)
        return _side(pictures, self._changed(pictures))

    def fitted(self, dataset: Dataset) -> Dataset:
        """Return prepared pictures at the side that `side` chooses for their source: the same network sees the same.

        Those that are larger are scaled when they are read.
        """
        pictures = PictureFacts.of_dataset(dataset)
        side = _side(pictures, self._changed(pictures))
        return dataset if side == dataset.side else dataset.resized(side)

    def resolve(self, dataset: Dataset) -> Recipe:
        """Return the recipe as it will be run on this data: changed as asked, with the data's classes.

        Raises:
            RecipeError: a recipe, network or setting that does not exist or does not fit.
            DataError: the pictures are smaller than the network's input, too large for a checkpoint, or of one class.
        """
        if dataset.side > LARGEST_SIDE:
            raise DataError(
                f"{dataset.name} has pictures of {dataset.side} pixels: a network is trained on {LARGEST_SIDE:,} at "
                "most; prepare them with --side 256"
            )
        if len(dataset.classes) < 2:
            raise DataError(
                f"{dataset.name} has one class, {dataset.classes[0]!r}, and nothing to tell it from: "
                "give the folder that holds a folder for each class"
            )
        chosen = self._changed(PictureFacts.of_dataset(dataset))
        side = chosen.network.side
        if dataset.side < side:
            raise DataError(
                f"{dataset.name} has pictures of {dataset.side} pixels, the network of {chosen.name} takes {side}: "
                f"prepare them with --side {max(side, 256)}, or take a recipe for small pictures (cifar-18pct)"
            )
        return replace(chosen, network=with_classes(chosen.network, len(dataset.classes)))

    def choice(self, pictures: PictureFacts) -> Choice | None:
        """Return the recipe that is taken for pictures as none was asked for; None where one was."""
        if self.recipe is not None:
            return None
        activation, start = self.settings.get("network.activation"), self.settings.get("training.start")
        return choose(pictures, network=self._network, activation=activation, start=start)

    def _changed(self, pictures: PictureFacts) -> Recipe:
        """Return the recipe for pictures, changed as asked."""
        network = self._network
        choice = self.choice(pictures)
        recipe = self.recipe if choice is None else choice.recipe
        if isinstance(recipe, Recipe):
            chosen = recipe
        elif recipe == "transfer":
            chosen = self._transfer(choice.start if choice is not None else "")
        else:
            chosen = named(str(recipe))
        if network is not None and network != with_classes(chosen.network, network.classes):
            chosen = with_network(chosen, network)
        if self.parameters is not None:
            chosen = with_parameters(chosen)
        return chosen.with_settings(self.settings) if self.settings else chosen

    def _transfer(self, found: str) -> Recipe:
        """Return the recipe that goes on from weights: those asked for, or else those that were found."""
        start = self.settings.get("training.start", found or START)
        if not start:
            raise RecipeError(
                "`transfer` goes on from learned weights: name some, --from small, or another recipe"
            )
        return transfer(str(start), self._network or load_checkpoint(str(start)).architecture)

    @cached_property
    def _network(self) -> Architecture | None:
        """The network that is asked for: by its name, or by weights to begin with, whose network it then is.

        A recipe that is given as a value says itself what its network is.
        """
        if self.network is not None:
            return self._architecture(self.network)
        start = self.settings.get("training.start")
        if not start or isinstance(self.recipe, Recipe):
            return None
        return load_checkpoint(str(start)).architecture

    def _architecture(self, network: str) -> Architecture:
        """Return the network of a name, or of a definition file with its layer parameters."""
        if self.parameters is None:
            return architecture(network)
        return architecture(
            network, parameters=read_text(self.parameters), parameters_name=self.parameters.name
        )


def _side(pictures: PictureFacts, recipe: Recipe) -> int:
    """Return the side at which pictures are shown to a recipe's network, in pixels.

    Learned features are shown what they were learned from, small pictures made larger if need be.
    """
    seen = recipe.network.side
    return round(seen * 256 / 224) if recipe.training.linear_probe else suitable_side(pictures.side, seen)


def suitable_side(natural: int, seen: int) -> int:
    """Return the side, in pixels, at which pictures are shown to a network.

    Their natural one, unless the network would see less than two thirds of it; then they are made smaller, so that it
    sees seven eighths, the paper's 224 of 256 pixels.

    Args:
        natural: height and width of the pictures.
        seen: of the network's input.
    """
    return natural if 2 * natural <= 3 * seen else round(seen * 256 / 224)


def stored_recipe(run: Path) -> Recipe | None:
    """Return the recipe that a run was begun with; None where there is no run.

    Raises:
        RunError: its recipe cannot be read.
        RecipeError: it is no recipe, or of a network or a setting that this version does not know.
    """
    path = run / RECIPE
    if not os.path.exists(path):
        return None
    try:
        plain = json.loads(read_bounded(path, TEXT_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise RunError(f"{path} is not what a run writes ({reason}): name the recipe with --recipe") from None
    return Recipe.from_plain(plain)
