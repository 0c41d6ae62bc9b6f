"""AlexNet, whole: the networks of Krizhevsky, Sutskever and Hinton (2012), trained, evaluated and used.

    import alexnet

    alexnet.train("digits", run="runs/digits")
    report = alexnet.evaluate("runs/digits", "digits", views=10)
    classifier = alexnet.load("runs/digits")
    classifier.predict("picture.png", top=5)

Every name is resolved at its first use, so that `import alexnet` and `alexnet --help` do not wait for torch.
"""

import importlib

from alexnet.version import VERSION

TYPE_CHECKING = False  # as type checkers know it, without an import that Ctrl-C would have to wait for
__version__ = VERSION

_HOMES = {
    "AbsentWeightsError": "alexnet.errors",
    "AlexNetError": "alexnet.errors",
    "CheckpointError": "alexnet.errors",
    "Classifier": "alexnet.inference.classifier",
    "Comparison": "alexnet.evaluation.comparison",
    "DamagedError": "alexnet.errors",
    "DataError": "alexnet.errors",
    "Dataset": "alexnet.data.dataset",
    "DivergedError": "alexnet.errors",
    "DryRun": "alexnet.training.dry_run",
    "ExportError": "alexnet.errors",
    "Interrupted": "alexnet.errors",
    "Network": "alexnet.networks.network",
    "PeerError": "alexnet.errors",
    "Prediction": "alexnet.inference.results",
    "Recipe": "alexnet.training.recipe",
    "RecipeError": "alexnet.errors",
    "Report": "alexnet.evaluation.report",
    "Result": "alexnet.inference.results",
    "Run": "alexnet.runs.run",
    "RunError": "alexnet.errors",
    "SearchError": "alexnet.errors",
    "Shapes": "alexnet.data.sources.shapes",
    "build": "alexnet.networks.catalogue",
    "compare": "alexnet.evaluation.comparison",
    "convert": "alexnet.interchange.conversion",
    "evaluate": "alexnet.evaluation.evaluate",
    "features": "alexnet.search.features.writing",
    "from_pretrained": "alexnet.weights.hub",
    "load": "alexnet.weights.loading",
    "open_dataset": "alexnet.data.named",
    "pictures": "alexnet.inference.inputs.arguments",
    "prepare": "alexnet.data.preparation.prepare",
    "push_to_hub": "alexnet.sharing.push",
    "recipe": "alexnet.recipes",
    "report": "alexnet.inspection.report.report",
    "save_pretrained": "alexnet.sharing.folder",
    "train": "alexnet.launch.train",
}
"""Where each public name lives; `runs` is a room that can be called, `search` one that is named."""

__all__ = [
    "AbsentWeightsError",
    "AlexNetError",
    "CheckpointError",
    "Classifier",
    "Comparison",
    "DamagedError",
    "DataError",
    "Dataset",
    "DivergedError",
    "DryRun",
    "ExportError",
    "Interrupted",
    "Network",
    "PeerError",
    "Prediction",
    "Recipe",
    "RecipeError",
    "Report",
    "Result",
    "Run",
    "RunError",
    "SearchError",
    "Shapes",
    "__version__",
    "build",
    "compare",
    "convert",
    "evaluate",
    "features",
    "from_pretrained",
    "load",
    "open_dataset",
    "pictures",
    "prepare",
    "push_to_hub",
    "recipe",
    "report",
    "runs",
    "save_pretrained",
    "search",
    "train",
]

if TYPE_CHECKING:
    from alexnet import search
    from alexnet.data.dataset import Dataset
    from alexnet.data.named import open_dataset
    from alexnet.data.preparation.prepare import prepare
    from alexnet.data.sources.shapes import Shapes
    from alexnet.errors import (
        AbsentWeightsError,
        AlexNetError,
        CheckpointError,
        DamagedError,
        DataError,
        DivergedError,
        ExportError,
        Interrupted,
        PeerError,
        RecipeError,
        RunError,
        SearchError,
    )
    from alexnet.evaluation.comparison import Comparison, compare
    from alexnet.evaluation.evaluate import evaluate
    from alexnet.evaluation.report import Report
    from alexnet.inference.classifier import Classifier
    from alexnet.inference.inputs.arguments import pictures
    from alexnet.inference.results import Prediction, Result
    from alexnet.inspection.report.report import report
    from alexnet.interchange.conversion import convert
    from alexnet.launch.train import train
    from alexnet.networks.catalogue import build
    from alexnet.networks.network import Network
    from alexnet.recipes import recipe
    from alexnet.runs.listing import runs
    from alexnet.runs.run import Run
    from alexnet.search.features.writing import features
    from alexnet.sharing.folder import save_pretrained
    from alexnet.sharing.push import push_to_hub
    from alexnet.training.dry_run import DryRun
    from alexnet.training.recipe import Recipe
    from alexnet.weights.hub import from_pretrained
    from alexnet.weights.loading import load
else:  # type checkers see the names above and no others

    def __getattr__(name: str) -> object:
        """Import a public name where it lives, at its first use."""
        if name in ("runs", "search"):
            return importlib.import_module(f"alexnet.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module 'alexnet' has no attribute {name!r}")
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
