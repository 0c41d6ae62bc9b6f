"""What a layer of the 2012 program may say: its keys, their kinds of value and their defaults.

The tables here are the grammar: `LAYERS` names every layer type with its keys. A key marked `each` holds a
list with one value for each input of the layer.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, final

REQUIRED: Final = object()
LARGEST: Final = 3e38  # of any number: float32 holds no larger one
MOST: Final = 10_000_000  # of anything that is counted: no layer has as many


@final
@dataclass(frozen=True)
class Key:
    """A key of a layer: how its value is read, what is allowed, and the default where there is one."""

    name: str
    read: Callable[[str], Any]
    allowed: str
    default: Any = REQUIRED
    each: bool = False
    """A list with one value for each input."""
    old: str = ""
    """A key of older files that means the same."""


def integer(name: str, least: int, most: int = MOST, default: Any = REQUIRED, **more: Any) -> Key:
    """Return a key whose value is a whole number between two bounds."""

    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    allowed = f"a whole number, at least {least}" + (f" and at most {most}" if most < MOST else "")
    return Key(name, read, allowed, default, **more)


def number(
    name: str, least: float = float("-inf"), most: float = float("inf"), default: Any = REQUIRED, **more: Any
) -> Key:
    """Return a key whose value is a number between two bounds."""

    def read(text: str) -> float:
        value = float(text)
        if not (least <= value <= most and math.isfinite(value) and abs(value) <= LARGEST):
            raise ValueError(text)
        return value

    bounds = f", at least {least:g}" if least > float("-inf") else ""
    bounds += f", at most {most:g}" if most < float("inf") else ""
    return Key(name, read, f"a number{bounds}", default, **more)


def boolean(name: str, default: Any = REQUIRED) -> Key:
    """Return a key whose value is true or false."""
    texts = {
        "1": True,
        "yes": True,
        "true": True,
        "on": True,
        "0": False,
        "no": False,
        "false": False,
        "off": False,
    }

    def read(text: str) -> bool:
        if text.lower() not in texts:
            raise ValueError(text)
        return texts[text.lower()]

    return Key(name, read, "1, yes, true, on, 0, no, false or off", default)


def each_boolean(name: str, default: bool) -> Key:
    """Return a key with one truth a input: in lists only 1 and true are true."""
    return Key(name, lambda text: text.lower() in ("1", "true"), "1 or 0", default, each=True)


def choice(name: str, *values: str) -> Key:
    """Return a key whose value is one of a few words."""

    def read(text: str) -> str:
        if text not in values:
            raise ValueError(text)
        return text

    return Key(name, read, f"one of {', '.join(values)}")


def call(name: str) -> Key:
    """Return a key whose value is `module.function(argument, ...)`: kept as a text, never run."""

    def read(text: str) -> str:
        if text and not re.fullmatch(r"[\w.]+\.\w+\s*\(.*\)", text):
            raise ValueError(text)
        return text

    return Key(name, read, "module.function(argument, ...)", "")


def text(name: str, default: Any = "", **more: Any) -> Key:
    """Return a key whose value is any text."""
    return Key(name, str, "text", default, **more)


_WEIGHTS: Final = (
    number("initW", 0.0, each=True),
    number("initB", default=0.0),
    call("initWFunc"),
    call("initBFunc"),
    text("weightSource", each=True),
)
_WINDOWS: Final = (
    integer("channels", 1, each=True),
    integer("filters", 1, each=True),
    integer("filterSize", 1, each=True),
    integer("padding", 0, default=0, each=True),
    integer("stride", 1, default=1, each=True),
    integer("groups", 1, default=1, each=True),
    each_boolean("randSparse", False),
    integer("filterChannels", 0, default=0, each=True),
    call("initCFunc"),
)
_SIZE: Final = integer("size", 1, old="sizeX")
_CONSTANTS: Final = (  # of older files; now in the parameter file
    number("scale", 0.0, default=None),
    number("pow", default=None),
    number("minDiv", default=None),
)
_CHANNELS: Final = integer("channels", 1)

LAYERS: Final[dict[str, tuple[Key, ...]]] = {
    "data": (integer("dataIdx", 0),),
    "conv": (*_WEIGHTS, *_WINDOWS, integer("partialSum", 0, default=None), boolean("sharedBiases", True)),
    "local": (*_WEIGHTS, *_WINDOWS),
    "fc": (*_WEIGHTS, integer("outputs", 1)),
    "treefc": _WEIGHTS,
    "pool": (
        choice("pool", "max", "maxabs", "avg", "rand"),
        _CHANNELS,
        integer("sizeX", 1),
        integer("stride", 1),
        integer("start", -MOST, default=0),
        integer("outputsX", 0, default=0),
    ),
    "cmrnorm": (_CHANNELS, _SIZE, boolean("blocked", False), *_CONSTANTS),
    "rnorm": (_CHANNELS, _SIZE, *_CONSTANTS),
    "cnorm": (_CHANNELS, _SIZE, *_CONSTANTS),
    "hs": (number("keep", 0.0, 1.0),),
    "neuron": (),  # the key `neuron` is common to all layers, and required here
    "eltsum": (number("coeffs", default=1.0, each=True),),
    "eltmax": (),
    "concat": (),
    "softmax": (),
    "blur": (
        _CHANNELS,
        Key("filterSize", lambda text: (3, 5, 7, 9)[(3, 5, 7, 9).index(int(text))], "3, 5, 7 or 9"),
        number("stdev", 1e-6),
    ),
    "nailbed": (_CHANNELS, integer("stride", 1)),
    "resize": (_CHANNELS, number("scale", 0.5, 2.0)),
    "rscale": (_CHANNELS, number("maxScale", 1.0, 2.0), integer("tgtSize", 1)),
    "rgb2yuv": (),
    "rgb2lab": (boolean("center", False),),
    "href": (integer("channels", 1, 3),),
    "cost.logreg": (),
    "cost.crossent": (),
    "cost.crossent2": (),
    "cost.rflickr": (),
    "cost.msm": (),
    "cost.sum2": (),
    "cost.gsum2": (),
    "cost.tica": (_CHANNELS, integer("sizeX", 1)),
}

INPUTS: Final[dict[str, tuple[int, int | None]]] = {  # least and most inputs of a layer; others take one
    "data": (0, 0),
    "conv": (1, None),
    "local": (1, None),
    "fc": (1, None),
    "eltsum": (1, None),
    "eltmax": (2, None),
    "concat": (1, None),
    "cost.logreg": (2, 2),
    "cost.crossent": (2, 2),
    "cost.crossent2": (2, 2),
    "cost.rflickr": (2, 2),
    "cost.msm": (2, 2),
    "cost.gsum2": (2, 2),
}

WEIGHTED: Final = ("conv", "local", "fc", "treefc")
NORMALIZATIONS: Final = ("cmrnorm", "rnorm", "cnorm")
