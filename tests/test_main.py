"""The command's own manners: what is printed where, and with what code it ends."""

import io
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from alexnet.cli import program
from alexnet.cli.terminal import streams
from alexnet.errors import DataError

COMMAND = [sys.executable, "-m", "alexnet"]


def test_a_name_that_the_terminal_cannot_show_is_printed_by_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii"))
        streams.configure_streams()
        print("ä caf\udce9", flush=True)
        assert shown.getvalue() == b"\\xe4 caf\\udce9\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (
        1,
        "alexnet: no space is left for standard output: make room\n",
    )


def test_a_closed_standard_output_is_one_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        streams.configure_streams()
        with sys.stdout:
            assert not sys.stdout.isatty()


def test_a_reader_that_has_gone_ends_the_command_quietly() -> None:
    """As `| head -1` goes: whatever of the output is still to come, there is no traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run([*COMMAND, "info"], stdout=gone, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")


def ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], body: Callable[[], None], *words: str
) -> tuple[object, str]:
    """Return the exit code and the standard error of a command that does this."""

    def invoke(arguments: list[str]) -> int:
        body()
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["alexnet", *words])
        if not words:
            patch.setattr(program, "_invoke", invoke)
        patch.setattr(warnings, "formatwarning", warnings.formatwarning)
        with pytest.raises(SystemExit) as left:
            program.run()
    return left.value.code, capsys.readouterr().err


def raising(error: BaseException) -> Callable[[], None]:
    def body() -> None:
        raise error

    return body


def test_an_error_with_a_terminals_commands_is_shown_and_not_obeyed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = DataError("a\x1b]0;owned\x07b/\n\x9b2J.png cannot be read: \u202egnp")
    assert ended(monkeypatch, capsys, raising(error)) == (
        3,
        "alexnet: a\\x1b]0;owned\\x07b/ \\x9b2J.png cannot be read: \\u202egnp\n",
    )

    said = streams.format_warning("class \x1b[31mred\n", UserWarning, "here.py", 7)
    assert said == "alexnet: class \\x1b[31mred (UserWarning, here.py:7)\n"


def test_the_end_of_a_file_is_no_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """click takes an EOFError, such as numpy's for an empty file, for Ctrl-C; here it is the bug that it is."""
    from alexnet.runs import checkpoints

    def empty(path: Path) -> str:
        raise EOFError("No data left in file")

    monkeypatch.setattr(checkpoints, "digest", empty)
    monkeypatch.setattr(sys, "argv", ["alexnet", "digest", "run"])
    with pytest.raises(EOFError):
        program.run()
    monkeypatch.setattr(checkpoints, "digest", lambda path: raising(KeyboardInterrupt())())
    with pytest.raises(SystemExit) as left:
        program.run()
    assert left.value.code == 130
    assert capsys.readouterr().err == "alexnet: interrupted\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("trian", "did you mean `train`"),
        ("train digits --recip x", "`--recip` is not an option of alexnet train; did you mean `--recipe`"),
        ("train digits --scheme colums", "--scheme: `colums` is not one of them; did you mean `columns`"),
        ("bench trian", "did you mean `train`"),
        ("evaluate run --data digits --views 3", "Choices: 1, 5, 10, dense"),
        ("train", "missing argument 'DATA'; alexnet train --help"),
        ("train digits --keep 1", "--keep"),
        ("train a b\x1bc", "b\\x1bc"),
        ("runs --tidy --json", "give one"),
    ],
)
def test_wrong_words_are_one_line_that_offers_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, says: str
) -> None:
    code, said = ended(monkeypatch, capsys, raising(AssertionError()), *words.split(" "))
    assert code == 2
    assert said.count("\n") == 1
    assert says in said


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a process is watched through /proc")
@pytest.mark.parametrize(
    ("number", "says"), [(signal.SIGINT, "alexnet: interrupted\n"), (signal.SIGTERM, "")]
)
def test_a_signal_while_things_are_imported_is_never_lost(number: int, says: str) -> None:
    """At several moments, from the first in which the command listens, through click's and torch's imports."""
    for moment in (0.0, 0.02, 0.05, 0.2, 0.6):
        child = subprocess.Popen(
            [*COMMAND, "evaluate", "nowhere", "--data", "digits"], stderr=subprocess.PIPE, text=True
        )
        while not listens(child):
            time.sleep(0.001)
        time.sleep(moment)
        child.send_signal(number)
        said = child.communicate(timeout=60)[1]
        if child.returncode == 1 and "nowhere" in said:
            break  # it had come to its end by itself
        assert (child.returncode, said) == (128 + number, says), moment


def listens(child: "subprocess.Popen[str]") -> bool:
    """Whether a process has a handler for SIGTERM, which Python by itself has not."""
    status = Path(f"/proc/{child.pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)
