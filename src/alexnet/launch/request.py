"""What a person asks for, in the words of the command's options."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict, final

from alexnet.data.dataset import Dataset
from alexnet.distributed.group import TIMEOUT
from alexnet.errors import RecipeError
from alexnet.recipes.resolve import RecipeRequest
from alexnet.training.recipe import Recipe


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
    network: str | None = None
    """The name of a network, or a definition file, to train in place of the recipe's."""
    params: str | Path | None = None
    """A layer-parameter file of that definition, whose rates take the place of the recipe's."""
    weights: str | Path | None = None
    """A run or checkpoint whose weights it begins with, where they fit."""
    quarantine: str | Path | None = None
    """A list of pictures to leave out, as `alexnet check` writes it."""
    epochs: float | None = None
    """Cycles through the pictures: `training.epochs`."""
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

    def recipe_request(self) -> RecipeRequest:
        """Return what it says of the recipe alone."""
        short = {"training.epochs": self.epochs, "training.seed": self.seed, "training.start": self.weights}
        given = {
            path: os.fspath(v) if isinstance(v, Path) else v for path, v in short.items() if v is not None
        }
        return RecipeRequest(
            self.recipe, self.network, Path(self.params) if self.params else None, {**self.set, **given}
        )

    def arguments(self, run: Path) -> list[str]:
        """Return it as the words of a command that trains in `run`.

        Raises:
            RecipeError: a recipe that has no name, which only this process can train.
        """
        if isinstance(self.recipe, Recipe):
            raise RecipeError(
                "other processes are told a recipe by its name: give a name, and what differs as set={...}"
            )
        data = self.data.directory if isinstance(self.data, Dataset) else self.data
        words = ["train", os.fspath(data), "--run", os.fspath(run)]
        for option in dataclasses.fields(self):
            value = getattr(self, option.name)
            if option.name in ("data", "run", "processes") or value == option.default:
                continue
            flag = f"--{option.name.replace('_', '-')}"
            if option.name == "set":
                words += [word for path, v in value.items() for word in (flag, f"{path}={_as_text(v)}")]
            elif option.name == "log_to":
                words += [word for name in value for word in (flag, name)]
            else:
                words += (
                    [flag]
                    if value is True
                    else [flag, os.fspath(value) if isinstance(value, Path) else str(value)]
                )
        return words


class TrainOptions(TypedDict, total=False):
    """The keyword arguments of `train`: the fields of `RunRequest`, which says what each is."""

    network: str | None
    params: str | Path | None
    weights: str | Path | None
    quarantine: str | Path | None
    epochs: float | None
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


def _as_text(value: object) -> str:
    """Return a value as `--set` reads it."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
