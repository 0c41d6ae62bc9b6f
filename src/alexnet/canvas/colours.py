"""Colours by their names: a figure is light on a light page and dark on a dark one."""

from typing import Final

COLOURS: Final = {  # on light paper, on dark
    "paper": ("#ffffff", "#16181c"),
    "ink": ("#1b1e23", "#e6e8ea"),
    "quiet": ("#6b7280", "#9aa1ab"),
    "rule": ("#d9dce1", "#343a42"),
    "blue": ("#1f6fb4", "#6fb1e8"),
    "red": ("#c62f2d", "#f08a86"),
    "green": ("#2d7d46", "#74c58d"),
    "amber": ("#8f6410", "#dcb256"),
    "pale-blue": ("#cfe3f5", "#1e4464"),
    "pale-red": ("#f7d4d2", "#6b2a28"),
}
"""Each is told from the paper at a contrast of 4.5 or more, but for rules and what is pale, on which ink stands."""


def classes(dark: int) -> str:
    """Return the colours as classes of a style sheet: those on light paper, or on dark."""
    return "".join(
        f".f-{name}{{fill:{pair[dark]}}}.s-{name}{{stroke:{pair[dark]};fill:none}}"
        for name, pair in COLOURS.items()
    )
