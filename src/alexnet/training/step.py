"""One step of training: crop, mirror and shift colours; forward, backward, update (sections 4.1 and 5)."""

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from alexnet import randomness
from alexnet.data.augment import augment
from alexnet.data.batches import Batch
from alexnet.data.mixing import mix, mixing_key
from alexnet.errors import AlexNetError
from alexnet.networks.costs import objective
from alexnet.randomness import Chance
from alexnet.training.diverging import check_gradients, check_loss
from alexnet.training.recipe import Recipe, Training
from alexnet.training.schedule import Schedule, Standing, factor
from alexnet.training.state import State


def train_step(
    state: State,
    batch: Batch,
    recipe: Recipe,
    standing: Standing,
    components: Tensor,
    learning: AbstractContextManager[None] | None = None,
) -> None:
    """Take one step on a batch, and count its pictures in the state.

    Args:
        state: is changed in place: weights, velocities, step and counts.
        batch: uint8 RGB, (N, 3, S, S), with labels: the rows that `State.pieces` says are this process's.
        recipe: as it stands at this step.
        standing: what schedules need to know.
        components: the data set's colour components, (3, 3).
        learning: is entered while gradients are computed; what is raised there leaves the state as it was.
    Raises:
        DivergedError: the loss or a gradient is not finite; weights and velocities are those of the step before.
    """
    training = recipe.training
    with learning or contextlib.nullcontext():
        loss, wrong, seen = _gradients(state, batch, recipe, standing, components)
    check_gradients(state.network, batch, state.step + 1)
    found = state.processes.add(torch.tensor([loss, wrong, seen], dtype=torch.float64)).tolist()
    if 0 < found[2] < batch.total:  # the mean is over the pictures that could be read
        _scale(state, batch.total / found[2])
    state.optimizer.step(training.rates_of, _factors(training, standing, state.step))
    state.step += 1
    state.loss, state.wrong = state.loss + found[0], state.wrong + found[1]
    state.images, state.unread = state.images + int(found[2]), state.unread + batch.total - int(found[2])


def _gradients(
    state: State, batch: Batch, recipe: Recipe, standing: Standing, components: Tensor
) -> tuple[float, float, int]:
    """Compute the gradients of a batch's costs over its size.

    Returns:
        the sum of costs, the number of wrong pictures, and of those that this process could judge.
    """
    network, training, mixing = state.network.train(), recipe.training, recipe.augmentation.mixing
    device = network.mean.device
    stream = randomness.key(training.seed, "augmentation", int(standing.epoch))
    total, loss_sum, wrong, seen = batch.total, 0.0, 0.0, 0
    for parameter in network.parameters():
        parameter.grad = None
    mine = state.pieces(total, recipe)
    for piece in mine:
        chance = Chance(training.seed, state.step, piece.reads.start, piece.reads.stop, total)
        rows = batch.indices[piece.place]
        pixels = batch.images[piece.place].to(device, non_blocking=True)
        images = augment(pixels, recipe.augmentation, components, stream, rows)
        kept = batch.kept(piece.place, piece.judged)
        labels = batch.labels[piece.place].to(device, non_blocking=True)
        if mixing.mixes:
            alone = batch.gaps(piece.place)
            stream_of_step = mixing_key(training.seed, state.step)
            images, labels = mix(images, labels, recipe.network.classes, mixing, stream_of_step, alone)
        labels = labels[kept]
        with torch.autocast(device.type, torch.bfloat16, enabled=training.precision == "bfloat16"):
            outcome = state.outcome(images, chance)
        values = {name: value[kept].to(network.mean.dtype) for name, value in outcome.items()}
        logits = values[network.output].flatten(1)
        loss = objective(network.costs, values, labels) / total
        if piece is mine[-1]:
            state.gradients.expect()
        loss.backward()
        missed = (logits.argmax(1) != _most(labels)).sum()
        # a device is waited for here, once, when it has all there is to do
        value, misses = torch.stack([loss.detach().double(), missed.double()]).tolist()
        check_loss(value, network, images, batch, state.step + 1)
        loss_sum, wrong, seen = loss_sum + value * total, wrong + misses, seen + len(labels)
    state.gradients.finish()
    return loss_sum, wrong, seen


def _most(labels: Tensor) -> Tensor:
    """Return the class of each picture, int64 (N,): of a mixture of two, the one that has the larger share."""
    return labels if labels.dim() == 1 else labels.argmax(1)


def _scale(state: State, factor: float) -> None:
    for parameter in state.network.parameters():
        if parameter.grad is not None:
            parameter.grad *= factor


def too_large(recipe: Recipe) -> AlexNetError:
    """Return the error for a step that there is no memory for, and what to do."""
    training = recipe.training
    return AlexNetError(
        f"there is not enough memory for a batch of {training.batch_size} in {training.accumulate} parts: "
        f"--set training.accumulate={training.accumulate * 2} takes the same steps in less, and --resume goes on"
    )


def _factors(training: Training, standing: Standing, step: int) -> Callable[[Schedule | None], float]:
    """Return what gives the factor of a schedule at this step, noise included."""
    generator = randomness.generator(training.seed, "schedule", step)

    def value(own: Schedule | None) -> float:
        chosen = own or training.schedule
        noise = abs(torch.randn((), generator=generator).item()) if chosen.noise else 0.0
        return training.scaling * factor(chosen, standing) * (1.0 + chosen.noise * noise)

    return value
