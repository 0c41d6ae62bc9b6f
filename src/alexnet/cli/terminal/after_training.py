"""What is said when a network has been trained: where it is, what to do with it, and what would make it better."""

import contextlib
import shlex
from typing import TYPE_CHECKING

from alexnet.cli.terminal.showing import say

if TYPE_CHECKING:
    from alexnet.launch.resolve import ResolvedRun
    from alexnet.runs.run import Run


def show_run(run: "Run", resolved: "ResolvedRun", data: str) -> None:
    """Print a run's directory, the commands that come next, and at most three sentences of advice."""
    from alexnet.errors import RecipeError
    from alexnet.training.advice import advice
    from alexnet.training.mislabelled import network_for_doubts
    from alexnet.weights.loading import load_checkpoint

    path = str(run.path)
    if run.history and run.history[-1].get("collapsed"):
        say(f"run: {path}\nnext: train again, as said above; there is nothing to evaluate")
        return
    dataset = resolved.dataset
    network, _ = network_for_doubts(load_checkpoint(path), len(dataset.classes))
    with contextlib.suppress(RecipeError):  # a network without a last layer of logits
        for sentence in advice(run, dataset, data, network.to(resolved.device)):
            say(f"advice: {sentence}")
    say(f"run: {path}")
    for words in (["predict", path, "PICTURE.jpg"], ["report", path], ["evaluate", path, "--data", data]):
        say(f"next: {shlex.join(['alexnet', *words])}")
