"""Pickles that Python 2 itself wrote (python2/README.md) come out as the values they were made of."""

from pathlib import Path

import numpy as np
import pytest

from alexnet.errors import CheckpointError
from alexnet.pickles.names import Inert
from alexnet.pickles.reader import Pickles

FILES = sorted((Path(__file__).parent / "python2").glob("*.pickle"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_checkpoint_that_python_2_wrote_is_read(path: Path) -> None:
    value = Pickles(path.read_bytes(), path.name, inert=("options",)).read()
    conv, fc = value["model_state"]["layers"].values()
    weights = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(conv["weights"][0], weights)
    np.testing.assert_array_equal(fc["weights"][0], weights * 2)
    assert conv["weights"][0].dtype == np.float32
    assert fc["weights"][0].flags.f_contiguous
    assert fc["inputLayers"][0] is conv
    assert conv["biases"].shape == (4, 1)
    assert (conv["eps"], conv["ok"], conv["long"], conv["u"], conv["padding"]) == (
        0.5,
        True,
        2**40,
        "é",
        [-2],
    )
    assert value["model_state"]["train_outputs"] == [({"logprob": [1.5, 2]}, 128)]
    assert isinstance(value["op"], Inert)


def test_there_are_such_files() -> None:
    assert len(FILES) == 4


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_classes_of_another_program_are_refused_unless_they_are_expected(path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"it names 'options\.OptionsParser'"):
        Pickles(path.read_bytes(), path.name).read()
