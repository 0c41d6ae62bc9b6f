"""The folder that is shared: weights, what other programs read of them, and the card."""

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from alexnet import checkpoint, files
from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError, ExportError
from alexnet.evaluation.report import Report
from alexnet.inference.classifier import Classifier
from alexnet.runs.checkpoints import SHARED
from alexnet.sharing.card import Card, errors_of
from alexnet.sharing.config import config, preprocessor_config
from alexnet.weights.loading import load_checkpoint

CARD: Final = "README.md"
_START: Final = "start"
"""The setting of a recipe that may be a path of the machine that trained."""


def save_pretrained(
    run: str | Path | Classifier,
    folder: str | Path,
    *,
    report: Report | None = None,
    licence: str = "",
    repo_id: str = "",
) -> Path:
    """Write what a run has learned as one folder for this package, timm and the Hub, with a card.

    In it are model.safetensors, a checkpoint that training cannot go on from and that `alexnet.load(folder)` reads;
    config.json; preprocessor_config.json; and README.md, the card. An ONNX file that lies there as onnx/model.onnx
    stays, and is not written: transformers.js and ONNX Runtime need one.

    Args:
        run: a run directory, a checkpoint, the name of weights, or a loaded classifier, of whose training nothing is
            known then.
        folder: made if it is not there; the four files are replaced, other files stay.
        report: of `alexnet.evaluate`, whose errors the card gives; left out, the card gives those of the run's journal.
        licence: of the weights, as the Hub names it, "mit" or "cc-by-4.0"; left out, the card says that there is none.
        repo_id: owner/name, where it is to lie on the Hub, for the card's examples.
    Returns:
        the folder.
    Raises:
        CheckpointError: there is no such run, or it is damaged; the folder cannot be written.
        ExportError: something that is no folder lies there.
        DataError, RunError: the pictures of the run, by whose number intervals are computed, are damaged.
    """
    found, target = _shared(run), Path(folder)
    if os.path.exists(target) and not os.path.isdir(target):
        raise ExportError(f"{target} is no folder: give one, or a name that is not taken")
    name = repo_id or (target.absolute().name if not isinstance(run, Classifier) else "")
    errors = errors_of(run, found, report)
    try:
        target.mkdir(parents=True, exist_ok=True)
        checkpoint.save(found, target / SHARED)
        files.write_text(target / "config.json", _json(config(found)))
        files.write_text(target / "preprocessor_config.json", _json(preprocessor_config(found)))
        has_onnx = (target / "onnx" / "model.onnx").is_file()
        card = Card(found, name or found.architecture.kind, errors, licence, has_onnx, repo_id)
        files.write_text(target / CARD, card.markdown())
    except OSError as error:
        raise CheckpointError(f"{target} could not be written: {error.strerror or error}") from error
    return target


def copy_folder(folder: Path, target: Path) -> None:
    """Copy the files of a folder that is shared, and none that lie beside them by chance."""
    for name in (SHARED, "config.json", "preprocessor_config.json", CARD, "onnx/model.onnx"):
        with contextlib.suppress(FileNotFoundError):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, target / name)


def _shared(run: str | Path | Classifier) -> Checkpoint:
    """Return what is written: without the state of a training, and without the paths of the machine it ran on."""
    if isinstance(run, Classifier):
        return _of_classifier(run)
    found = load_checkpoint(run)
    return dataclasses.replace(found, velocity={}, state={}, recipe=_without_paths(found.recipe))


def _of_classifier(classifier: Classifier) -> Checkpoint:
    network = classifier.network
    return Checkpoint(
        architecture=network.architecture,
        weights={name: value.detach().cpu() for name, value in network.state_dict().items()},
        classes=classifier.classes,
        words=classifier.words,
        data={"side": classifier.side},
    )


def _without_paths(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe whose weights to begin with are named by the last part of their path."""
    training = recipe.get("training")
    if not isinstance(training, Mapping) or not isinstance(training.get(_START), str):
        return dict(recipe)
    return {**recipe, "training": {**training, _START: Path(training[_START]).name}}


def _json(plain: Mapping[str, Any]) -> str:
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
