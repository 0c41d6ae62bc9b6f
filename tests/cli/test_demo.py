"""alexnet demo, left in the middle."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from alexnet.cli import alexnet
from alexnet.errors import Interrupted
from alexnet.training import loop
from alexnet.training.step import train_step


def test_a_demo_that_is_interrupted_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signalled(*arguments: Any, **named: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return train_step(*arguments, **named)

    monkeypatch.setattr(loop, "train_step", signalled)
    run = tmp_path / "the demo"
    done = CliRunner().invoke(alexnet, ["demo", "--quiet", "--run", str(run)])
    assert isinstance(done.exception, Interrupted)
    assert done.exception.exit_code == 130
    said = done.output + str(done.exception)
    assert f"go on with: alexnet train digits --run '{run}' --resume" in said
    assert said.count("go on with") == said.count("--resume") == 1
