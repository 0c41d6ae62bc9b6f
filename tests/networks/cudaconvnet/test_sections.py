"""The INI files as Python 2's reader understood them."""

import pytest

from alexnet.errors import RecipeError
from alexnet.networks.cudaconvnet.sections import read_sections


def values(text: str, section: str = "a") -> dict[str, str]:
    return {key: entry.value for key, entry in read_sections(text, "f.cfg")[section].entries.items()}


def test_keys_are_alike_in_upper_and_lower_case_and_sections_are_not() -> None:
    sections = read_sections("[conv1]\ninitW=1\nINITW: 2\n[Conv1]\ninitw=3\n", "f.cfg")
    assert sections["conv1"].entries["initw"].value == "2"
    assert sections["Conv1"].entries["initw"].value == "3"


def test_equal_sign_and_colon_both_part_key_from_value() -> None:
    assert values("[a]\nx = 1\ny : 2\nz=a:b\n") == {"x": "1", "y": "2", "z": "a:b"}


def test_comments_and_blank_lines_say_nothing() -> None:
    assert values("# one\n; two\n\n[a]\n#x=1\nrem z=3\ny=2 ; three\nu=a;b\n") == {"y": "2", "u": "a;b"}


def test_sections_of_one_name_are_one_section() -> None:
    assert values("[a]\nx=1\n[b]\nx=5\n[a]\ny=2\nx=3\n") == {"x": "3", "y": "2"}


def test_an_indented_line_goes_on_with_the_value() -> None:
    assert values("[a]\nx=1,\n  2\ny=3\n")["x"] == "1,\n2"


def test_references_stand_for_other_keys_and_defaults() -> None:
    text = "[DEFAULT]\nwide=48\n[a]\nfilters=%(wide)s\nboth=%(FILTERS)s,%(wide)s\npercent=5%%\n"
    assert values(text) == {"wide": "48", "filters": "48", "both": "48,48", "percent": "5%"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x=1\n", r"f.cfg, line 1: \[layer\] before the first key expected, not `x=1`"),
        ("[a]\nnonsense\n", "f.cfg, line 2: key=value or .* expected, not `nonsense`"),
        ("[a]\nx=%(y)s\n", r"f.cfg, line 2: \[a\] x=%\(y\)s: % must be followed by"),
        ("[a]\nx=50%\n", r"f.cfg, line 2: \[a\] x=50%: % must be followed by"),
        ("[a]\nx=%(y)s\ny=%(x)s\n", "% must be followed by"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        read_sections(text, "f.cfg")


def test_references_that_multiply_are_stopped() -> None:
    lines = [f"x{i}=" + f"%(x{i + 1})s" * 50 for i in range(9)]
    text = "[a]\n" + "\n".join(lines) + "\nx9=\n"
    with pytest.raises(RecipeError, match="its references grow beyond"):
        read_sections(text, "f.cfg")
