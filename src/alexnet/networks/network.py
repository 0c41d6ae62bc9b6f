"""A network: named stages, run in order, and the mean picture that it subtracts.

Shapes: N images, C channels, S the input's side in pixels, K classes.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import final

import torch
from torch import Tensor, nn

from alexnet.errors import CheckpointError, RecipeError, choices
from alexnet.networks.costs import Cost
from alexnet.networks.fusion import fused
from alexnet.networks.images import Images, batch_of
from alexnet.networks.layers.layer import Shape
from alexnet.networks.mean import central_crop
from alexnet.networks.stage import IMAGES, Architecture, Stage, TrainedForCosts, stage_shapes
from alexnet.networks.summary import summary_of
from alexnet.networks.table import as_html, as_text, title
from alexnet.randomness import StepRandomness, generator


@final
class Network(nn.Module):
    """A network of named stages, from RGB pixels (0-255) to one logit a class.

    The mean picture is a buffer of the network, so that training, prediction and export subtract the same
    (section 2). Every parameter is called by its stage: `conv1.weight` ... `fc8.bias`.

    Args:
        architecture: what to build.
        seed: of the initial weights.
    """

    mean: Tensor

    def __init__(self, architecture: Architecture, *, seed: int = 0) -> None:
        self._assemble(architecture)
        self.initialize(seed)

    @classmethod
    def empty(cls, architecture: Architecture) -> "Network":
        """Build a network whose weights are not set, for those that are loaded at once: drawing takes longer."""
        network = cls.__new__(cls)
        network._assemble(architecture)
        return network

    def _assemble(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.stages = architecture.stages()
        for stage in self.stages:
            name = stage.name.replace(".", "_")
            if hasattr(self, name):
                raise RecipeError(f"`{stage.name}` cannot be a stage's name: a network has that name itself")
            self.add_module(name, stage.operation)
        self.register_buffer("mean", torch.zeros(3, architecture.side, architecture.side))
        self.output = self.stages[-1].name
        self.costs: tuple[Cost, ...] = (Cost("logprob", "logreg", (self.output,)),)
        if isinstance(architecture, TrainedForCosts):
            self.costs = architecture.costs()

    def __repr__(self) -> str:
        return as_text(self._title(), summary_of(self.stages, self.architecture.side))

    def _repr_html_(self) -> str:
        """Return the same table for a notebook."""
        return as_html(self._title(), summary_of(self.stages, self.architecture.side))

    def _title(self) -> str:
        return title(self.architecture.kind, self.architecture.side, self.architecture.classes)

    @property
    def device(self) -> torch.device:
        """Where its weights and its mean picture are."""
        return self.mean.device

    def initialize(self, seed: int) -> None:
        """Draw the weights of every layer anew, each from its own stream of `seed`."""
        for stage in self.stages:
            stage.operation.initialize(generator(seed, "weights", stage.name))

    def set_mean(self, mean: Tensor) -> None:
        """Subtract this picture from now on: float32, (3, H, W), 0-255; its central S x S is taken.

        The 2012 program subtracts the centre of the mean picture whatever the crop's offset.

        Raises:
            ValueError: the picture is no (3, H, W), or smaller than the network's input.
        """
        self.mean.copy_(central_crop(mean, self.architecture.side))

    def forward(self, images: Images, rng: StepRandomness | None = None) -> Tensor:
        """Compute the logits of images.

        Args:
            images: RGB pixels, uint8 or float32 in 0-255, (N, 3, S, S); NumPy's (N, S, S, 3) and one picture
                without N are taken too.
            rng: in training, where the step stands; without it, random stages draw from torch's own
                generator.
        Returns:
            float32, (N, K).
        Raises:
            ValueError: images of another shape or kind.
        """
        logits = self._run(images, (self.output,), rng)[self.output]
        return logits if logits.dim() == 2 else logits.flatten(1)  # a convolution may come last

    def cost_inputs(self, images: Images, rng: StepRandomness | None = None) -> dict[str, Tensor]:
        """Compute the values that the network's costs take, and the logits among them, by stage.

        A network of a definition file may have other costs than the paper's, the log-probability of the label
        under the prediction (section 3): see `objective` in costs.

        Args:
            images, rng: as `forward` takes them.
        Returns:
            for each stage that a cost reads, and for the last, its values: (N, C, H, W) or (N, U).
        """
        names = {self.output, *(name for cost in self.costs for name in cost.stages)}
        return self._run(images, names, rng)

    def activations(self, images: Images, *stages: str | Iterable[str]) -> dict[str, Tensor]:
        """Compute what the named stages give, activation function included.

        Args:
            images: as `forward` takes them.
            stages: names such as "conv5" or "fc7", or lists of names; without any, every stage.
        Returns:
            for each name, float32: (N, C, H, W) for a map stage, (N, U) for a fully-connected one.
        Raises:
            RecipeError: a name that is not a stage of this network.
            ValueError: images of another shape or kind.
        """
        names = [name for given in stages for name in ([given] if isinstance(given, str) else given)]
        if not stages:
            names = [stage.name for stage in self.stages]
        for name in names:
            self.stage(name)
        return self._run(images, names, None)

    def stage(self, name: str) -> Stage:
        """Return a stage by its name; RecipeError offers the names that exist."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        names = [stage.name for stage in self.stages]
        raise RecipeError(f"`{name}` is not a stage of {self.architecture.kind}; {choices(name, names)}")

    def shapes(self) -> dict[str, Shape]:
        """Return the shape of each stage's output for one image, in order."""
        return stage_shapes(self.stages, self.architecture.side)

    def check_weights(self, weights: Mapping[str, Tensor], source: str) -> None:
        """Check that these are the network's weights by name, every one of them and of the right shape.

        Raises:
            CheckpointError: names or shapes differ; the message says which.
        """
        own = self.state_dict()
        wrong = [
            f"{name} is {tuple(weights[name].shape)} there and {tuple(own[name].shape)} here"
            for name in own
            if name in weights and weights[name].shape != own[name].shape
        ]
        missing, extra = own.keys() - weights.keys(), weights.keys() - own.keys()
        problems = wrong + [f"{name} is missing" for name in sorted(missing)]
        problems += [f"{name} is unknown here" for name in sorted(extra)]
        if problems:
            more = f" (and {len(problems) - 4} more)" if len(problems) > 4 else ""
            raise CheckpointError(
                f"{source} does not hold the weights of this {self.architecture.kind}: "
                f"{'; '.join(problems[:4])}{more}"
            )

    def load_weights(self, weights: dict[str, Tensor], source: str) -> None:
        """Take weights by name, every one of them and of the right shape, or none.

        Raises:
            CheckpointError: names or shapes differ; the message says which.
        """
        self.check_weights(weights, source)
        self.load_state_dict(weights)

    @torch.no_grad()
    def load_matching(self, weights: Mapping[str, Tensor]) -> tuple[list[str], list[str]]:
        """Take the weights of every layer that fits, and leave the others and the mean picture as they are.

        A layer fits if all its weights and biases are there, by name and of its shapes: so a network goes on
        from one of other classes, with a new last layer (section 6).

        Returns:
            names of the stages that took weights, and of those with weights that did not.
        """
        taken: list[str] = []
        left: list[str] = []
        for stage in self.stages:
            own = stage.operation.state_dict(prefix=f"{stage.name}.")
            if not own:
                continue
            supports = all(
                name in weights and weights[name].shape == value.shape for name, value in own.items()
            )
            (taken if supports else left).append(stage.name)
            for name, value in own.items() if supports else ():
                value.copy_(weights[name])
        return taken, left

    def _run(self, images: Images, wanted: Iterable[str], rng: StepRandomness | None) -> dict[str, Tensor]:
        """Run the stages that `wanted` needs, keeping each value only while some stage still reads it."""
        kept = set(wanted)
        needed = self.stages_for(kept)
        if not torch.compiler.is_compiling():  # which fuses by itself
            needed = fused(needed, kept)
        last_reader = {name: stage.name for stage in needed for name in stage.inputs}
        values = {IMAGES: self._centred(images)}
        for stage in needed:
            inputs = [values[name] for name in stage.inputs]
            if stage.operation.random:
                values[stage.name] = stage.operation(*inputs, rng=rng, stage=stage.name)
            else:
                values[stage.name] = stage.operation(*inputs)
            for name in stage.inputs:
                if last_reader[name] == stage.name and name not in kept:
                    values.pop(name, None)
        return {name: values[name] for name in wanted}

    def digest(self) -> str:
        """Return a SHA-256 over what the network computes: its stages, their weights and the mean picture."""
        made = [(stage.name, stage.inputs, str(stage.operation)) for stage in self.stages]
        found = hashlib.sha256(repr((self.architecture.kind, self.architecture.side, made)).encode())
        for name, value in sorted(self.state_dict().items()):
            found.update(f"\n{name} {value.dtype} {tuple(value.shape)}\n".encode())
            found.update(value.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        return found.hexdigest()

    def stages_for(self, wanted: Iterable[str]) -> list[Stage]:
        """Return the stages of these names and those on which they depend, in order."""
        needed: list[Stage] = []
        names = set(wanted)
        for stage in reversed(self.stages):
            if stage.name in names:
                needed.append(stage)
                names.update(stage.inputs)
        return needed[::-1]

    def _centred(self, images: Images) -> Tensor:
        """Subtract the mean picture."""
        batch = batch_of(images, self.architecture.side, self.device)
        return batch.to(self.mean.dtype) - self.mean
