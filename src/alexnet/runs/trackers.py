"""Other programs that show runs: each is told the journal's rows through its own package, on request."""

import hashlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol, final

from alexnet.errors import AlexNetError, RecipeError, choices, missing
from alexnet.runs.journal import Row

PROJECT: Final = "alexnet"


class Tracker(Protocol):
    """A program that shows runs."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Show numbers by name at a step.

        Args:
            values: rates, losses, errors (fractions), seconds.
            step: steps that were taken.
        """

    def close(self) -> None:
        """Send what is not sent yet."""


def open_tracker(name: str, run: Path, recipe: Mapping[str, Any]) -> Tracker:
    """Open a tracker by its name; a run that goes on goes on there too.

    Args:
        name: tensorboard, wandb, mlflow or trackio.
        run: the run directory.
        recipe: the resolved recipe as plain values.
    Raises:
        RecipeError: there is no such tracker.
        AlexNetError: its package is not installed, or it cannot begin.
    """
    if name not in TRACKERS:
        raise RecipeError(f"`{name}` shows no runs; {choices(name, TRACKERS)}")
    try:
        return TRACKERS[name](run, recipe)
    except ImportError as error:
        raise missing(name, name, f"--log-to {name}") from error
    except Exception as error:  # whatever another program raises
        reason = " ".join(str(error).split())
        raise AlexNetError(
            f"{name} cannot begin ({reason}): mend that, or leave out --log-to {name}"
        ) from error


def check_installed(names: Iterable[str]) -> None:
    """Check, before anything is begun, that the packages of trackers are there.

    Args:
        names: of trackers.
    Raises:
        RecipeError: there is no such tracker.
        AlexNetError: its package is not installed.
    """
    for name in names:
        if name not in TRACKERS:
            raise RecipeError(f"`{name}` shows no runs; {choices(name, TRACKERS)}")
        if importlib.util.find_spec(name) is None:
            raise missing(name, name, f"--log-to {name}")


def numbers(row: Row) -> dict[str, float]:
    """Return what a row says in numbers, its step left out."""
    return {
        name: float(value) for name, value in row.items() if isinstance(value, int | float) and name != "step"
    }


@final
class TensorBoard:
    """Event files in the run directory: tensorboard --logdir RUN."""

    def __init__(self, run: Path, recipe: Mapping[str, Any]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(run / "tensorboard"))

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Show numbers by name at a step."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def close(self) -> None:
        """Write what is not written yet."""
        self._writer.close()


@final
class WeightsAndBiases:
    """Weights & Biases; its own settings say where to (WANDB_MODE=offline: to the run directory)."""

    def __init__(self, run: Path, recipe: Mapping[str, Any]) -> None:
        import wandb

        self._run: Any = wandb.init(
            project=PROJECT,
            name=run.name,
            id=_identity(run),
            resume="allow",
            dir=str(run),
            config=dict(recipe),
        )

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Show numbers by name at a step."""
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """Send what is not sent yet."""
        self._run.finish()


@final
class MLflow:
    """MLflow; its own settings say where to (MLFLOW_TRACKING_URI)."""

    def __init__(self, run: Path, recipe: Mapping[str, Any]) -> None:
        import mlflow

        self._mlflow: Any = mlflow
        experiment = mlflow.set_experiment(PROJECT)
        earlier = mlflow.search_runs(
            [experiment.experiment_id], f"tags.identity = '{_identity(run)}'", output_format="list"
        )
        if earlier:
            mlflow.start_run(run_id=earlier[0].info.run_id)
        else:
            mlflow.start_run(run_name=run.name, tags={"identity": _identity(run)})
            mlflow.log_dict(dict(recipe), "recipe.json")

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Show numbers by name at a step."""
        self._mlflow.log_metrics(dict(values), step=step)

    def close(self) -> None:
        """Send what is not sent yet."""
        self._mlflow.end_run()


@final
class Trackio:
    """trackio; its own settings say where to."""

    def __init__(self, run: Path, recipe: Mapping[str, Any]) -> None:
        import trackio

        self._trackio: Any = trackio
        name = f"{run.name}-{_identity(run)[:8]}"
        trackio.init(project=PROJECT, name=name, config=dict(recipe), resume="allow")

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Show numbers by name at a step."""
        self._trackio.log(dict(values), step=step)

    def close(self) -> None:
        """Send what is not sent yet."""
        self._trackio.finish()


TRACKERS: Final[dict[str, Callable[[Path, Mapping[str, Any]], Tracker]]] = {
    "tensorboard": TensorBoard,
    "wandb": WeightsAndBiases,
    "mlflow": MLflow,
    "trackio": Trackio,
}


def _identity(run: Path) -> str:
    """Return what stays the same when a run goes on: a hash of where it is."""
    return hashlib.sha256(str(run.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
