"""What a person asks for, in the words of the command's options."""

import dataclasses
import math
import numbers
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self, TypedDict, final

from alexnet.data.dataset import Dataset
from alexnet.data.derivation import WHOLE
from alexnet.distributed.group import SCHEMES, TIMEOUT
from alexnet.errors import RecipeError, choices
from alexnet.recipes.resolve import RecipeRequest
from alexnet.training.recipe import Recipe

NO_WEIGHTS: Final = "none"
"""In place of weights to go on from: begin with new ones."""


@final
@dataclass(frozen=True)
class RunRequest:
    """What is asked for: the arguments of `alexnet.train`, and the options of the command."""

    data: str | Path | Dataset
    """A name ("digits"), a prepared directory, a source, or an opened data set."""
    recipe: str | Recipe | None = None
    """A recipe or its name; without one, the one that suits the pictures' size."""
    run: str | Path | None = None
    """The run directory; without one, a new one under runs/."""
    network: str | Path | None = None
    """The name of a network, or a definition file, to train instead of the recipe's."""
    params: str | Path | None = None
    """A layer-parameter file of that definition, whose rates are taken instead of the recipe's."""
    weights: str | Path | None = None
    """A run, a checkpoint or published weights that it goes on from, where they fit; "none" for new ones."""
    quarantine: str | Path | None = None
    """A list of pictures to leave out, as `alexnet check` writes it."""
    epochs: float | None = None
    """Cycles through the pictures: `training.epochs`."""
    minutes: float | None = None
    """How long it may take from here: as many epochs as fit, by this machine's speed."""
    seed: int | None = None
    """Of everything random: `training.seed`."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """Changes to the recipe, by path: {"training.batch_size": 64}."""
    resume: bool = False
    """Go on with the run that is there."""
    save_every: int = 0
    """Steps between checkpoints, besides the one after each epoch; 0 for none."""
    keep: int = 2
    """How many of the newest checkpoints are kept, besides the best network."""
    processes: int | None = None
    """Train in so many processes of this machine; without, in this one, or in those that torchrun or srun started."""
    scheme: str = "data"
    """What processes divide: data, columns or hybrid."""
    timeout: float = TIMEOUT.total_seconds()
    """Seconds that one process waits for another before it gives up."""
    device: str = "auto"
    """Where to compute: cpu, cuda, cuda:1, or auto, which is a CUDA device where there is one."""
    log_to: Sequence[str] = ()
    """Programs that are told the journal's rows: tensorboard, wandb, mlflow, trackio."""
    quiet: bool = False
    """Say nothing but what matters."""

    def __post_init__(self) -> None:
        check_types(self)
        for path in self.set:
            if not isinstance(path, str):
                raise ValueError(
                    f"set={{{path!r:.80}: ...}} does not fit: settings go by path, training.batch_size"
                )
        if self.scheme not in SCHEMES:
            raise RecipeError(f"`{self.scheme}` is not a scheme; {choices(self.scheme, SCHEMES)}")
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise RecipeError(f"minutes={self.minutes} does not fit: a number above 0")
        if self.minutes is not None and self.epochs is not None:
            raise RecipeError(f"epochs={self.epochs} and minutes={self.minutes}: give one of the two")
        for name, least in (("save_every", 0), ("keep", 2), ("processes", 1), ("timeout", 1)):
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise RecipeError(f"{name}={value} does not fit: at least {least}")

    def recipe_request(self) -> RecipeRequest:
        """Return what it says of the recipe alone."""
        start = "" if self.weights == NO_WEIGHTS else self.weights
        short = {"training.epochs": self.epochs, "training.seed": self.seed, "training.start": start}
        given = {path: _fspath(value) for path, value in short.items() if value is not None}
        network = os.fspath(self.network) if self.network is not None else None
        params = Path(self.params) if self.params is not None else None
        return RecipeRequest(self.recipe, network, params, {**self.set, **given})

    def resumed(self, run: Path) -> Self:
        """Return the request that goes on with this one's run, which knows its own recipe."""
        data_alone = dataclasses.replace(self, recipe=None, network=None, params=None, weights=None)
        return dataclasses.replace(
            data_alone, epochs=None, minutes=None, seed=None, set={}, run=run, resume=True
        )

    def arguments(self) -> list[str]:
        """Return it as the words of a command.

        Raises:
            RecipeError: it holds a recipe or a setting that cannot be typed, and only this process can train.
        """
        if isinstance(self.recipe, Recipe):
            raise RecipeError(
                "other processes are told a recipe by its name: give a name, and what differs as set={...}"
            )
        if isinstance(self.data, Dataset) and self.data.derivation != WHOLE:
            raise RecipeError(
                "other processes are told pictures by their directory, and these are a part of it, or permuted"
            )
        data = os.fspath(self.data.directory if isinstance(self.data, Dataset) else self.data)
        words = ["train", os.path.join(".", data) if data.startswith("-") else data]
        for option in dataclasses.fields(self):
            value = getattr(self, option.name)
            if option.name == "data" or value == option.default:
                continue
            flag = f"--{option.name.replace('_', '-')}"
            if option.name == "set":
                words += [word for path, v in value.items() for word in (flag, f"{path}={_as_text(path, v)}")]
            elif option.name == "log_to":
                words += [word for name in value for word in (flag, name)]
            else:
                words += [flag] if value is True else [flag, str(_fspath(value))]
        return words


class TrainOptions(TypedDict, total=False):
    """The keyword arguments of `train`: the fields of `RunRequest`, which says what each is."""

    network: str | Path | None
    params: str | Path | None
    weights: str | Path | None
    quarantine: str | Path | None
    epochs: float | None
    minutes: float | None
    seed: int | None
    set: Mapping[str, Any]
    resume: bool
    save_every: int
    keep: int
    processes: int | None
    scheme: str
    timeout: float
    device: str
    log_to: Sequence[str]
    quiet: bool


def check_types(request: RunRequest) -> None:
    """Check that each value is of a type that its field takes.

    Raises:
        ValueError: one is not.
    """
    path: tuple[type, ...] = (str, os.PathLike)
    taken: dict[str, tuple[str, tuple[type, ...]]] = {
        "data": ("a name, a path or a Dataset", (*path, Dataset)),
        "recipe": ("a name or a Recipe", (str, Recipe)),
        **dict.fromkeys(("run", "network", "params", "weights", "quarantine"), ("a name or a path", path)),
        **dict.fromkeys(("epochs", "minutes", "timeout"), ("a number", (numbers.Real,))),
        **dict.fromkeys(("seed", "save_every", "keep", "processes"), ("a whole number", (numbers.Integral,))),
        **dict.fromkeys(("resume", "quiet"), ("True or False", (bool,))),
        "set": ('a dictionary such as {"training.batch_size": 64}', (Mapping,)),
        "log_to": ('a list of names such as ["tensorboard"]', (list, tuple, set, frozenset)),
        **dict.fromkeys(("scheme", "device"), ("a name", (str,))),
    }
    for option in dataclasses.fields(request):
        value, (said, kinds) = getattr(request, option.name), taken[option.name]
        missing = value is None and option.default is None
        if not missing and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            raise ValueError(f"{option.name}={value!r:.80} does not fit: {option.name} is {said}")


def _fspath(value: Any) -> Any:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _as_text(path: str, value: object) -> str:
    """Return a setting as `--set` reads it."""
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ",".join(_as_text(path, entry) for entry in value)
    if not isinstance(value, str | numbers.Real):
        raise RecipeError(f"{path} is a {type(value).__name__}: other processes are told settings one by one")
    return str(value)
