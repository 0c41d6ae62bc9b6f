"""One step of training: crop, mirror and shift colours; forward, backward, update (sections 4.1 and 5).

Shapes: N pictures of a micro-batch, S their side, K classes.
"""

import contextlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from alexnet import randomness
from alexnet.data.augmentation.augment import augment
from alexnet.data.augmentation.mixing import mix, mixing_key, smoothed
from alexnet.data.batches import Batch, MicroBatch
from alexnet.errors import AlexNetError
from alexnet.networks.costs import objective
from alexnet.networks.layers.batch_normalization import statistics_kept
from alexnet.randomness import StepRandomness
from alexnet.training.diverging import check_loss, raise_if_not_finite
from alexnet.training.recipe import Recipe, Training
from alexnet.training.replica import Replica
from alexnet.training.schedule import Schedule, TrainingProgress, factor
from alexnet.training.state import State


def train_step(
    state: State,
    replica: Replica,
    batch: Batch,
    recipe: Recipe,
    progress: TrainingProgress,
    colours: Tensor,
    interruptible: AbstractContextManager[None] | None = None,
) -> None:
    """Take one step on a batch, and count its pictures in the state.

    Args:
        state: is changed in place: weights, velocities, step and counts.
        replica: what computes the gradients.
        batch: this process's share of the pictures.
        recipe: as it is at this step.
        progress: what augmentation and schedules need to know of the run.
        colours: the data set's colour components, (3, 3).
        interruptible: is entered while gradients are computed; what is raised there leaves the state as it was.
    Raises:
        DivergedError: the loss or a gradient is not finite; weights and velocities are those of the step before.
    Source: Krizhevsky et al. 2012, sections 4.1 and 5.
    """
    network, training, device = replica.network.train(), recipe.training, replica.device
    half = training.precision == "bfloat16"
    counts = torch.zeros(3, dtype=torch.float64)  # sum of losses, wrong pictures, pictures
    with statistics_kept(network):
        with interruptible or contextlib.nullcontext():
            for parameter in network.parameters():
                parameter.grad = None
            for part in batch.micro_batches:
                images, targets, valid_rows = training_inputs(
                    part, recipe, progress, state.step, colours, device
                )
                rng = StepRandomness(training.seed, state.step, part.rows.start, part.rows.stop, batch.total)
                with torch.autocast(device.type, torch.bfloat16, enabled=half):
                    outputs = replica.cost_inputs(images, rng)  # the forward pass
                values = {name: value[valid_rows].to(network.mean.dtype) for name, value in outputs.items()}
                loss = objective(network.costs, values, targets) / batch.total
                if part is batch.micro_batches[-1]:
                    replica.gradients.expect()
                loss.backward()
                wrong = (values[network.output].flatten(1).argmax(1) != _main_class(targets)).sum()
                # a device is waited for here, once, when it has all there is to do
                value, misses = torch.stack([loss.detach().double(), wrong.double()]).tolist()
                check_loss(value, network, images, part, state.step + 1)
                counts += torch.tensor([value * batch.total, misses, len(targets)], dtype=torch.float64)
            replica.gradients.finish()
        raise_if_not_finite(network, batch, state.step + 1)
    loss_sum, wrong_sum, seen = replica.group.add(counts).tolist()
    if 0 < seen < batch.total:  # the mean is over the pictures that could be read
        _scale_gradients(network.parameters(), batch.total / seen)
    state.optimizer.step(training.rates_of, _factors(training, progress, state.step))
    state.step += 1
    state.epoch.loss += loss_sum
    state.epoch.wrong += wrong_sum
    state.epoch.images += int(seen)
    state.epoch.unreadable += batch.total - int(seen)


def training_inputs(
    part: MicroBatch,
    recipe: Recipe,
    progress: TrainingProgress,
    step: int,
    colours: Tensor,
    device: torch.device,
) -> tuple[Tensor, Tensor, slice | Tensor]:
    """Make what a network is shown of a micro-batch.

    Args:
        part: uint8 pictures (N, 3, S, S) and labels.
        recipe: as it is at this step.
        progress: of the run; its epoch counts.
        step: the step's number, from 0.
        colours: the data set's colour components, (3, 3).
        device: where the network is.
    Returns:
        images, float32 (N, 3, side, side), 0 to 255: cropped, mirrored, colours shifted, perhaps mixed;
        targets of the valid rows: int64 classes (n,), or float32 shares of classes (n, K) where pictures are mixed
        or labels smoothed;
        and the valid rows of the N, those whose loss is this process's.
    Source: Krizhevsky et al. 2012, section 4.1.
    """
    epoch = int(progress.epoch)
    stream = randomness.key(recipe.training.seed, "augmentation", epoch)
    pixels = part.images.to(device, non_blocking=True)
    images = augment(pixels, recipe.augmentation, colours, stream, part.indices, epoch=epoch)
    targets, mixing = part.labels.to(device, non_blocking=True), recipe.augmentation.mixing
    if mixing.mixes:
        key = mixing_key(recipe.training.seed, step)
        images, targets = mix(
            images, targets, recipe.network.classes, mixing, key, exclude=part.unreadable_rows
        )
    if recipe.training.label_smoothing:
        targets = smoothed(targets, recipe.network.classes, recipe.training.label_smoothing)
    return images, targets[part.valid_rows], part.valid_rows


def _main_class(targets: Tensor) -> Tensor:
    """Return the class of each picture, int64 (N,): of a mixture of two, the one that has the larger share."""
    return targets if targets.dim() == 1 else targets.argmax(1)


def _scale_gradients(parameters: Iterable[torch.nn.Parameter], factor: float) -> None:
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad *= factor


def out_of_memory(recipe: Recipe) -> AlexNetError:
    """Return the error for a step that there is no memory for, and what to do."""
    training = recipe.training
    return AlexNetError(
        f"there is not enough memory for a batch of {training.batch_size} in {training.accumulate} parts: "
        f"--set training.accumulate={training.accumulate * 2} takes the same steps in less, and --resume goes on"
    )


def _factors(training: Training, progress: TrainingProgress, step: int) -> Callable[[Schedule | None], float]:
    """Return what gives the factor of a schedule at this step, noise included."""
    generator = randomness.generator(training.seed, "schedule", step)

    def value(own: Schedule | None) -> float:
        chosen = own or training.schedule
        noise = abs(torch.randn((), generator=generator).item()) if chosen.noise else 0.0
        return training.scaling * factor(chosen, progress) * (1.0 + chosen.noise * noise)

    return value
