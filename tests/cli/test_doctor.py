"""alexnet doctor: the same for a person and for a program."""

import json

from click.testing import CliRunner

from alexnet.cli import alexnet


def test_what_a_machine_offers_is_said_in_lines_and_as_json() -> None:
    lines = CliRunner().invoke(alexnet, ["doctor"]).stdout
    shown = json.loads(CliRunner().invoke(alexnet, ["doctor", "--json"]).stdout)
    assert shown["cores"] >= 1
    assert isinstance(shown["graphics processors"], list)
    assert shown["advice"]
    assert f"{'allocator in a run':22}memory " in lines  # what it grants may change from one call to the next
    assert shown["allocator in a run"].startswith("memory ")
    for name in ("processor", "torch", "compiler"):
        assert f"{name:22}{'none' if shown[name] is None else shown[name]}" in lines
