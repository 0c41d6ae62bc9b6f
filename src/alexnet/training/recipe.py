"""A recipe: one frozen value that says everything about a run, and is enough to repeat it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, final

from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.augmentation.modern import ModernAugmentation
from alexnet.errors import RecipeError, choices
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.catalogue import NETWORKS
from alexnet.networks.stage import Architecture
from alexnet.settings.paths import BEGINS_AS, with_settings
from alexnet.settings.typed import ONE_OF, OneOf, from_plain, renamed, short, to_plain
from alexnet.training.compute import PRECISIONS
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.schedule import Schedule

RENAMED: Final = {"augmentation.shared": "augmentation.crop_group"}
"""Old paths of settings to their new ones: stored recipes and `--set` may have the old for a release."""
_NETWORKS: Final = OneOf(key="network", kinds=NETWORKS, name_of=lambda network: str(network.kind))
STEERED: Final = ("augmentation.", "training.rates.", "training.stages.", "training.schedule.")
"""How the paths of settings begin that each step reads anew: what else changed would be passed over."""


@final
@dataclass(frozen=True)
class Training:
    """How long a network is trained, on what batches and at what rates (section 5).

    Raises:
        RecipeError: a number that makes no training.
    """

    epochs: float = 90.0
    """Cycles through the training pictures (section 5: roughly 90)."""
    batch_size: int = 128
    """Pictures a step, over all processes (section 5)."""
    reference_batch: int = 0
    """Above 0: rates are for batches of this size, and are multiplied by batch_size over it (Goyal 2017)."""
    accumulate: int = 1
    """Micro-batches into which a process divides its share of a batch: less memory, the same step."""
    seed: int = 0
    """Of everything random: weights, order, augmentation, dropout."""
    start: str = ""
    """A run, a checkpoint or published weights that it begins with, layer by layer where they fit; else new ones."""
    linear_probe: bool = False
    """Begin with a last layer that is a logistic regression on the features below it, fitted before the first step;
    not in the paper (section 6 begins with a new one)."""
    rates: LayerHyperparameters = field(default_factory=LayerHyperparameters)
    """Rates of every layer that `stages` does not name (section 5)."""
    stages: Mapping[str, LayerHyperparameters] = field(default_factory=dict, metadata={BEGINS_AS: "rates"})
    """Rates of single layers, by the name of the stage; of one matrix of several, `conv3.weight1`."""
    schedule: Schedule = field(default_factory=Schedule)
    """How the rates change (section 5: divided by 10 when the validation error stops improving)."""
    precision: str = "float32"
    """What the stages compute in: float32, or on a CUDA device bfloat16 with weights, update and normalisation in
    float32."""
    compile: bool = False
    """Compile the network with torch.compile: for CUDA devices; what it gains there has not been measured."""
    validation_views: int = 1
    """Views of a picture in the validation after each epoch: 1, the centre, or 10 (section 4.1)."""
    label_smoothing: float = 0.0
    """The part of each label that is shared out among all classes; not in the paper (Szegedy et al. 2016)."""
    early_stopping: int = 0
    """Above 0: the run ends after so many validations without a better error; not in the paper."""

    def __post_init__(self) -> None:
        if not 0 <= self.epochs < float("inf") or (self.epochs == 0 and not self.linear_probe):
            raise RecipeError(
                f"a run of {self.epochs} epochs: expected a number above 0, or 0 with training.linear_probe=true"
            )
        if self.batch_size < 1 or self.accumulate < 1:
            raise RecipeError(f"batch_size={self.batch_size}, accumulate={self.accumulate}: both at least 1")
        if self.accumulate > self.batch_size:
            raise RecipeError(
                f"a batch of {self.batch_size} cannot be divided into {self.accumulate} parts: accumulate at most that"
            )
        if self.reference_batch < 0:
            raise RecipeError(f"reference_batch={self.reference_batch}: 0, or the batch size of the rates")
        if self.seed < 0:
            raise RecipeError(f"a seed is 0 or more, not {self.seed}")
        if self.precision not in PRECISIONS:
            raise RecipeError(f"`{self.precision}` is not a precision; {choices(self.precision, PRECISIONS)}")
        if self.validation_views not in (1, 10):
            raise RecipeError(f"validation_views={self.validation_views}: 1 (centre) or 10")
        if not 0.0 <= self.label_smoothing < 1.0:
            raise RecipeError(f"label_smoothing={self.label_smoothing}: a fraction, 0 to less than 1")
        if self.early_stopping < 0:
            raise RecipeError(
                f"early_stopping={self.early_stopping}: 0 for never, or a number of validations"
            )

    @property
    def scaling(self) -> float:
        """What every rate is multiplied by because of the batch's size."""
        return self.batch_size / self.reference_batch if self.reference_batch else 1.0

    def rates_of(self, name: str) -> LayerHyperparameters:
        """Return the rates of a parameter, `conv3.weight`, or of a stage."""
        stage = name.rpartition(".")[0]
        return self.stages.get(name) or self.stages.get(stage) or self.rates


@final
@dataclass(frozen=True)
class Change:
    """A setting that changes while the run goes on, as the 2012 runs were steered by hand."""

    epoch: float
    """Epochs finished when the change takes effect."""
    setting: str
    """The setting's path, as after `--set`: `training.rates.weight`, `augmentation.colour`."""
    value: Any
    """Its new value: a number, a text, a switch, or a list of them."""

    def __post_init__(self) -> None:
        values = self.value if isinstance(self.value, list | tuple) else [self.value]
        if not all(isinstance(value, str | float | int | None) for value in values):
            raise RecipeError(f"{self.setting} cannot become {short(repr(self.value))}: one value, or a list")


@final
@dataclass(frozen=True)
class Recipe:
    """Everything about a run: network, augmentation, training, and what changes on the way.

    Raises:
        RecipeError: parts that do not fit each other.
    """

    name: str
    """Under which `--recipe` finds it."""
    network: Architecture = field(default_factory=AlexNet, metadata={ONE_OF: _NETWORKS})
    """What is trained."""
    augmentation: Augmentation | ModernAugmentation = field(default_factory=Augmentation)
    """What is done to training pictures (section 4.1); or what came after the paper."""
    training: Training = field(default_factory=Training)
    """How it is trained (section 5)."""
    changes: tuple[Change, ...] = ()
    """Settings that change on the way, in the order of their epochs."""

    def __post_init__(self) -> None:
        if self.augmentation.side != self.network.side:
            raise RecipeError(
                f"augmentation gives pictures of {self.augmentation.side} pixels, the network takes "
                f"{self.network.side}: set augmentation.side and network.side alike"
            )
        epochs = [change.epoch for change in self.changes]
        if epochs != sorted(epochs):
            raise RecipeError(f"changes come in the order of their epochs; these do not: {epochs}")
        for change in self.changes:
            if not change.setting.startswith(STEERED) or change.setting == "augmentation.side":
                raise RecipeError(
                    f"`{change.setting}` stays as it is while a run goes on; what may change begins with "
                    f"{', '.join(STEERED)}"
                )

    @property
    def group_size(self) -> int:
        """How many pictures in a row of a batch go to one process, as they have something in common at some time.

        What is read ahead is shared out before it is known what the recipe is by then.
        """
        varied = [self, *(self.at(change.epoch) for change in self.changes)]
        return math.lcm(*(recipe.augmentation.group_size for recipe in varied))

    @classmethod
    def from_plain(cls, plain: Any) -> "Recipe":
        """Return the recipe that `to_plain` wrote down, in this version or the one before.

        Raises:
            RecipeError: it is not a recipe's, or of a network or a setting that this version does not know.
        """
        return from_plain(cls, renamed(plain, RENAMED))

    def to_plain(self) -> dict[str, Any]:
        """Return it as dictionaries, lists, strings and numbers, ready for JSON."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    def with_settings(self, changes: Mapping[str, Any]) -> "Recipe":
        """Return it with some settings changed, by their paths, old ones too.

        Raises:
            RecipeError: no such setting, or a value that is not of its type or does not fit the others.
        """
        return with_settings(self, {RENAMED.get(path, path): value for path, value in changes.items()})

    def at(self, epoch: float) -> "Recipe":
        """Return the recipe as it is after so many epochs: the changes up to then applied."""
        due = {change.setting: change.value for change in self.changes if change.epoch <= epoch}
        unchanging = replace(self, changes=())
        return unchanging.with_settings(due) if due else unchanging
