"""What a stage of a network gives for pictures: of fc7, the features of section 6.1.

Shapes: N pictures, V views, S the pictures' side; of a stage, U units, or C maps of H rows and W columns.
"""

from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from alexnet.errors import RecipeError
from alexnet.inference.views import check_views, cut_views
from alexnet.networks.layers.dropout import Dropout
from alexnet.networks.network import Network
from alexnet.networks.stage import IMAGES

LAST_HIDDEN: Final = "last hidden"
"""Stands for the name of a network's last hidden layer, whatever it is called."""


@final
@dataclass(frozen=True)
class FeatureSettings:
    """What is taken of each picture."""

    stage: str
    """The name of the stage that gives it."""
    views: int = 1
    """1, the centre; or 5 or 10 of section 4.1, over which the stage's values are averaged."""
    pooled: bool = False
    """Average each map over its rows and columns; else maps are kept whole."""

    def shape(self, network: Network) -> tuple[int, ...]:
        """Return the shape of what is taken of one picture: (U,), (C, H, W), or (C,) of pooled maps.

        Raises:
            RecipeError: the network has no such stage, or whole maps of several views are asked for.
        """
        found = network.shapes()[network.stage(self.stage).name]
        whole = len(found) == 3 and not self.pooled
        if whole and self.views > 1:
            raise RecipeError(
                f"the maps of {self.stage} are of other parts of the picture in each of {self.views} views: pool them, "
                "or take one view"
            )
        return tuple(found) if whole or len(found) == 1 else tuple(found)[:1]


def feature_settings(
    network: Network, stage: str = LAST_HIDDEN, *, views: int = 1, pooled: bool = False
) -> FeatureSettings:
    """Return what is taken of each picture, checked.

    Args:
        network: whose stage it is.
        stage, views, pooled: as `Classifier.features` takes them.
    Raises:
        RecipeError: no such stage or views, or a combination without a meaning.
        TypeError: a stage that is not named by text.
    """
    if not isinstance(stage, str):
        raise TypeError(f"a stage is named by text, not by {type(stage).__name__}: {stage!r}")
    number = check_views(views)
    if not isinstance(number, int):
        raise RecipeError(f"features are of 1, 5 or 10 views, not of {number}")
    found = FeatureSettings(last_hidden_stage(network) if stage == LAST_HIDDEN else stage, number, pooled)
    found.shape(network)
    return found


def last_hidden_stage(network: Network) -> str:
    """Return the name of the stage that the last layer with weights reads, dropout aside.

    Raises:
        RecipeError: the network has no hidden layer.
    """
    stages = {stage.name: stage for stage in network.stages}
    name = next(
        stage.inputs[0]
        for stage in reversed(network.stages)
        if any(True for _ in stage.operation.parameters())
    )
    while name in stages and isinstance(stages[name].operation, Dropout):
        name = stages[name].inputs[0]
    if name == IMAGES:
        raise RecipeError(f"{network.architecture.kind} has no hidden layer: name a stage")
    return name


@torch.inference_mode()
def stage_features(network: Network, images: Tensor, settings: FeatureSettings) -> Tensor:
    """Compute what a stage gives for pictures, activation function included.

    Args:
        network: in any mode; it is put into evaluation mode.
        images: uint8 RGB, (N, 3, S, S), S at least the network's side.
        settings: what is taken of them.
    Returns:
        float32, (N, U), (N, C, H, W), or (N, C) of pooled maps; on the network's device.
    Raises:
        DataError: the pictures are smaller than the network's input.
        RecipeError: no such stage or views, or a combination without a meaning.
    Source: Krizhevsky et al. 2012, section 6.1.
    """
    shape = settings.shape(network)
    cut = cut_views(network, images, settings.views)
    values = network.eval().activations(cut.flatten(0, 1), settings.stage)[settings.stage].float()
    if values.dim() == 4 and settings.pooled:
        values = values.mean((2, 3))
    views = values.unflatten(0, cut.shape[:2])
    found: Tensor = views.mean(1) if cut.shape[1] > 1 else views[:, 0]
    return found.reshape(-1, *shape)
