"""One step of training: crop, mirror and shift colours; forward, backward, update (sections 4.1 and 5)."""

import itertools
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet import randomness
from alexnet.data.augment import augment
from alexnet.data.batches import Batch
from alexnet.randomness import Chance
from alexnet.training.diverging import check_gradients, check_loss
from alexnet.training.recipe import Recipe
from alexnet.training.schedule import Schedule, Standing, factor
from alexnet.training.state import State


def train_step(state: State, batch: Batch, recipe: Recipe, standing: Standing, components: Tensor) -> None:
    """Take one step on a batch, and count its pictures in the state.

    Args:
        state: is changed in place: weights, velocities, step and counts.
        batch: uint8 RGB, (N, 3, S, S), with labels.
        recipe: as it stands at this step.
        standing: what schedules need to know.
        components: the data set's colour components, (3, 3).
    Raises:
        DivergedError: the loss or a gradient is not finite; weights and velocities are those of the step before.
    """
    network, training = state.network.train(), recipe.training
    stream = randomness.key(training.seed, "augmentation", int(standing.epoch))
    total, loss_sum, wrong = len(batch.labels), 0.0, 0.0
    for parameter in network.parameters():
        parameter.grad = None
    for part in _parts(total, training.accumulate):
        chance = Chance(training.seed, state.step, part.start, part.stop, total)
        images = augment(batch.images[part], recipe.augmentation, components, stream, batch.indices[part])
        labels = batch.labels[part]
        logits = network(images, chance)
        loss = F.cross_entropy(logits, labels, reduction="sum") / total
        check_loss(value := loss.item(), network, images, batch, state.step + 1)
        loss.backward()
        loss_sum += value * total
        wrong += float((logits.argmax(1) != labels).sum())
    check_gradients(network, batch, state.step + 1)
    state.optimizer.step(training.rates_of, _factors(training.schedule, standing, training.seed, state.step))
    state.step += 1
    state.loss, state.wrong, state.images = state.loss + loss_sum, state.wrong + wrong, state.images + total


def _factors(
    schedule: Schedule, standing: Standing, seed: int, step: int
) -> Callable[[Schedule | None], float]:
    """Return what gives the factor of a schedule at this step, noise included."""
    generator = randomness.generator(seed, "schedule", step)

    def value(own: Schedule | None) -> float:
        chosen = own or schedule
        noise = abs(torch.randn((), generator=generator).item()) if chosen.noise else 0.0
        return factor(chosen, standing) * (1.0 + chosen.noise * noise)

    return value


def _parts(total: int, count: int) -> Iterator[slice]:
    """Cut `total` rows into at most `count` slices of nearly equal length."""
    bounds = [total * i // count for i in range(count + 1)]
    return (slice(a, b) for a, b in itertools.pairwise(bounds) if b > a)
