"""The public names, as a user's editor, type checker and interpreter meet them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import alexnet

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "every_name.py"
SETTINGS = """
[mypy]
strict = true
mypy_path = {source}
follow_imports = silent
cache_dir = {cache}
[mypy-torch.*,numpy.*,PIL.*,rich.*,click.*,safetensors.*]
follow_imports = skip
"""
"""As a user's; other packages are not followed, which takes a minute, and alexnet's own errors are ours to see."""


def test_the_example_uses_every_public_name() -> None:
    used = set(re.findall(r"\balexnet\.(\w+)", EXAMPLE.read_text(encoding="utf-8")))
    assert used == set(alexnet.__all__)


def test_the_example_does_what_it_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    space: dict[str, object] = {"__name__": "example"}
    exec(compile(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE, "exec"), space)
    main = space["main"]
    assert callable(main)
    assert main() == 0
    assert "top-1 error" in capsys.readouterr().out


@pytest.mark.slow
def test_a_users_strict_type_checker_agrees_and_finds_what_is_mistyped(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "mypy.ini").write_text(SETTINGS.format(source=ROOT / "src", cache=tmp_path / "cache"))
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "import alexnet\n"
        "alexnet.trian('digits')\n"
        "alexnet.train('digits', epoch=3)\n"
        "alexnet.train(3)\n"
        "error: str = alexnet.evaluate('runs/a', 'digits').top1_error\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", tmp_path / "mypy.ini", EXAMPLE, wrong],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    found = re.findall(r"(\w+\.py):(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    assert list(dict.fromkeys(found)) == [
        ("wrong.py", "2", "attr-defined"),  # by __getattr__, which type checkers do not see
        ("wrong.py", "3", "call-overload"),
        ("wrong.py", "4", "call-overload"),
        ("wrong.py", "5", "assignment"),
    ], done.stdout


def test_dir_shows_public_names_alone_and_runs_can_be_called_whatever_was_imported() -> None:
    """In an interpreter of its own, where nothing has been imported before."""
    script = (
        "import sys, alexnet\n"
        "assert dir(alexnet) == sorted(alexnet.__all__)\n"
        "assert 'torch' not in sys.modules\n"
        "assert alexnet.runs(sys.argv[1]) == []\n"
        "import alexnet.runs.listing\n"
        "assert alexnet.runs(sys.argv[1]) == []\n"
        "assert dir(alexnet) == sorted(alexnet.__all__)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(ROOT / "docs")], check=True)


def test_every_error_that_users_meet_is_public_and_in_the_drawn_family() -> None:
    from alexnet import errors

    family = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert family <= set(alexnet.__all__)
    drawn = re.findall(r"^ {4,8}(\w+)", errors.__doc__ or "", re.MULTILINE)
    assert set(drawn) == family
