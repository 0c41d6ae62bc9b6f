"""What a shell completes, as it asks: by variables of the environment, for words typed so far."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alexnet.cli.program import COMPLETION

ROOT = Path(__file__).parents[2]


def asked(shell: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "alexnet"],
        env={**os.environ, COMPLETION: shell, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("alexnet tr", ["plain,train"]),
        ("alexnet train --sch", ["plain,--scheme"]),
        ("alexnet train digits --scheme c", ["plain,columns"]),
        ("alexnet predict r", ["file,r"]),
        ("alexnet evaluate run --d", ["plain,--data", "plain,--device"]),
    ],
)
def test_bash_completes_commands_options_choices_and_files(words: str, completed: list[str]) -> None:
    number = str(len(words.split()) - 1)
    assert asked("bash_complete", COMP_WORDS=words, COMP_CWORD=number).splitlines() == completed


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_that_is_documented_gives_the_shell_its_script(shell: str) -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"{COMPLETION}={shell}_source alexnet" in page
    assert f"{COMPLETION}={shell}_complete" in asked(f"{shell}_source")
