"""The last layer of a network, fitted to the features below it: a linear probe, to begin fine-tuning from.

Fine-tuning from a last layer that fits already bends the features less than from a random one.
Source: Kumar et al. 2022, "Fine-tuning can distort pretrained features", of probing before fine-tuning.

Shapes: N pictures, V views of each, D features, K classes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from alexnet.data.batches import batches
from alexnet.data.split import Split
from alexnet.data.views import center_view, ten_views
from alexnet.errors import RecipeError
from alexnet.networks.inference import optimized_for_inference
from alexnet.networks.layers.fully_connected import FullyConnected
from alexnet.networks.network import Network
from alexnet.networks.summary import summary_of
from alexnet.training.logistic_regression import CrossValidation, Regression, cross_validated, fit

VALUES: Final = 10**8
"""Features held at once, at most: 400 MB."""
MULTIPLY_ADDS: Final = 4 * 10**12
"""Of the network over all views, about 20 seconds of two cores; what would take more sees fewer views."""
PRODUCTS: Final = 10**9
"""Pictures times views times features times classes of a fit, about 20 seconds too."""
_VIEWS_AT_ONCE: Final = 256


@final
@dataclass(frozen=True)
class LinearProbe:
    """A fitted last layer, and what is known of it."""

    stage: str
    """Whose values it classifies."""
    views: int
    """Of each picture: 10, 2 (the centre and its mirror) or 1."""
    labels: Tensor
    """int64, (N,): the classes of the pictures it was fitted to."""
    indices: Tensor
    """int64, (N,): their numbers in the split."""
    fitted: Regression
    """Its weights."""
    validation: CrossValidation
    """How its penalty was chosen."""
    loss: float
    """The mean cross-entropy of the pictures it was fitted to."""
    error: float
    """Their error, a fraction: below what new pictures would have."""

    @property
    def cross_validated_error(self) -> float:
        """The error of pictures that a fit had not seen, a fraction."""
        return float((self.validation.probabilities.argmax(1) != self.labels).double().mean())

    def __str__(self) -> str:
        return (
            f"last layer: a logistic regression on {self.stage}, {self.fitted.weight.shape[1]:,} features of "
            f"{len(self.labels):,} pictures in {self.views} view{'s' * (self.views > 1)}; "
            f"{self.cross_validated_error:.1%} error in cross-validation"
        )


def fit_last_layer(network: Network, split: Split, *, views: int | None = None) -> LinearProbe:
    """Fit the last layer of a network to the pictures of a split, by logistic regression; see `set_last_layer`.

    Args:
        network: on the device where it is to compute; it is not changed.
        split: training pictures, at the side of the network or larger; those that cannot be read are left out.
        views: of each picture, 10, 2 or 1; left out, as many as `affordable_views` allows.
    Returns:
        the fit; the same for the same arguments.
    Raises:
        RecipeError: the network does not end in a fully-connected layer of logits.
    """
    layer = _last_layer(network)
    stage, classes = network.stages[-1].inputs[0], layer.weight.shape[0]
    views = views or affordable_views(network, len(split))
    features, labels, indices = features_of(network, split, stage, views)
    validation = cross_validated(features.mean(1, keepdim=True), labels, classes)
    fitted = fit(features, labels, classes, validation.penalty)
    found = fitted.probabilities(features)
    own = found.gather(1, labels[:, None]).clamp(min=1e-12)
    return LinearProbe(
        stage=stage,
        views=views,
        labels=labels,
        indices=indices,
        fitted=fitted,
        validation=validation,
        loss=float(-own.log().mean()),
        error=float((found.argmax(1) != labels).double().mean()),
    )


def _last_layer(network: Network) -> FullyConnected:
    """Return the layer that gives the logits, where it is one that can be fitted."""
    last = network.stages[-1]
    if isinstance(last.operation, FullyConnected) and last.operation.activation == "identity":
        return last.operation
    raise RecipeError(
        f"{last.name} of {network.architecture.kind} is no fully-connected layer of logits: "
        "set training.linear_probe=false"
    )


@torch.no_grad()
def set_last_layer(network: Network, fitted: Regression) -> None:
    """Give the last layer of a network the weights and biases of a fit."""
    _last_layer(network).load_state_dict({"weight": fitted.weight, "bias": fitted.bias})


@torch.inference_mode()
def features_of(network: Network, split: Split, stage: str, views: int) -> tuple[Tensor, Tensor, Tensor]:
    """Compute what a stage gives for the views of every picture that can be read.

    Args:
        network: is put into evaluation mode.
        split: the pictures, in their order.
        stage: its name.
        views: 10, 2 or 1.
    Returns:
        float32 (N, V, D), flattened channel, row, column; labels, int64 (N,); numbers in the split, int64 (N,).
    """
    made = network.eval() if network.device.type != "cpu" else optimized_for_inference(network)
    side, parts, labels, indices = network.architecture.side, [], [], []
    size = max(1, _VIEWS_AT_ONCE // views)
    for batch in batches(split, np.arange(len(split)), size, skip_unreadable=True):
        part = batch.micro_batches[0]
        rows = part.valid_rows
        cut = VIEWS[views](part.images[rows], side).flatten(0, 1).to(network.device)
        values = made.activations(cut, stage)[stage].flatten(1).float().cpu()
        parts.append(values.unflatten(0, (-1, views)))
        labels.append(part.labels[rows])
        indices.append(part.indices[rows])
    # out of inference mode: tensors that a graph may begin with
    return torch.cat(parts).clone(), torch.cat(labels).clone(), torch.cat(indices).clone()


def _center_and_mirror(images: Tensor, side: int) -> Tensor:
    view = center_view(images, side)
    return torch.cat([view, view.flip(-1)], dim=1)


VIEWS: Final[dict[int, Callable[[Tensor, int], Tensor]]] = {
    10: ten_views,
    2: _center_and_mirror,
    1: center_view,
}
"""What cuts so many views out of pictures."""


def affordable_views(network: Network, pictures: int) -> int:
    """Return how many views of each picture are within the time and the memory that there is for them: 10, 2 or 1."""
    classes, features = _last_layer(network).weight.shape
    work = sum(row.multiply_adds for row in summary_of(network.stages, network.architecture.side))
    for views in VIEWS:
        values = pictures * views * features
        if values <= VALUES and values * classes <= PRODUCTS and pictures * views * work <= MULTIPLY_ADDS:
            return views
    return 1
