"""A report can be read by any program."""

import json
import math

import pytest
import torch

import alexnet
from alexnet.data.dataset import Dataset


def test_a_loss_that_is_not_finite_is_null_in_json(
    shapes: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run = tmp_path_factory.mktemp("run") / "shapes"
    alexnet.train(shapes, recipe="cifar-18pct", run=run, settings={"training.epochs": 1}, quiet=True)
    classifier = alexnet.load(run)
    with torch.no_grad():
        dict(classifier.network.named_parameters())["fc4.bias"][0] = math.nan
    report = alexnet.evaluate(classifier, shapes, views=1)
    assert math.isnan(report.loss)
    assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["loss"] is None
