"""The command's own manners: what is printed where, and with what code it ends."""

import io
import os
import subprocess
import sys

import pytest

from alexnet import __main__ as program


def test_a_name_that_the_terminal_cannot_show_is_printed_by_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii"))
        program._configure_streams()
        print("ä caf\udce9", flush=True)
        assert shown.getvalue() == b"\\xe4 caf\\udce9\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "alexnet", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        1,
        "alexnet: no space is left for standard output: make room\n",
    )


def test_a_closed_standard_output_is_one_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        program._configure_streams()
        with sys.stdout:
            assert not sys.stdout.isatty()
