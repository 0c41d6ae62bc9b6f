"""AlexNet, whole: the networks of Krizhevsky, Sutskever and Hinton (2012), trained, judged and used.

    import alexnet

    alexnet.train("digits", run="runs/digits")
    report = alexnet.evaluate("runs/digits", "digits", views=10)
    classifier = alexnet.load("runs/digits")
    classifier.predict("picture.png", top=5)

Every name is resolved at its first use, so that `import alexnet` and `alexnet --help` do not wait for torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "AlexNetError": "alexnet.errors",
    "CheckpointError": "alexnet.errors",
    "Classifier": "alexnet.evaluation.classifier",
    "DataError": "alexnet.errors",
    "Dataset": "alexnet.data.dataset",
    "ExportError": "alexnet.errors",
    "Network": "alexnet.networks.network",
    "Recipe": "alexnet.training.recipe",
    "RecipeError": "alexnet.errors",
    "Report": "alexnet.evaluation.report",
    "Shapes": "alexnet.data.sources.shapes",
    "build": "alexnet.networks.catalogue",
    "convert": "alexnet.interchange.conversion",
    "evaluate": "alexnet.evaluation.report",
    "load": "alexnet.evaluation.classifier",
    "open_dataset": "alexnet.data.named",
    "prepare": "alexnet.data.prepare",
    "recipe": "alexnet.recipes",
    "train": "alexnet.recipes.train",
}

__all__ = [
    "AlexNetError",
    "CheckpointError",
    "Classifier",
    "DataError",
    "Dataset",
    "ExportError",
    "Network",
    "Recipe",
    "RecipeError",
    "Report",
    "Shapes",
    "build",
    "convert",
    "evaluate",
    "load",
    "open_dataset",
    "prepare",
    "recipe",
    "train",
]

if TYPE_CHECKING:
    from alexnet.data.dataset import Dataset
    from alexnet.data.named import open_dataset
    from alexnet.data.prepare import prepare
    from alexnet.data.sources.shapes import Shapes
    from alexnet.errors import AlexNetError, CheckpointError, DataError, ExportError, RecipeError
    from alexnet.evaluation.classifier import Classifier, load
    from alexnet.evaluation.report import Report, evaluate
    from alexnet.interchange.conversion import convert
    from alexnet.networks.catalogue import build
    from alexnet.networks.network import Network
    from alexnet.recipes import recipe
    from alexnet.recipes.train import train
    from alexnet.training.recipe import Recipe


def __getattr__(name: str) -> Any:
    """Import a public name where it lives, at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'alexnet' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
