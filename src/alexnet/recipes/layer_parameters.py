"""Layer-parameter files of the 2012 program: rates, momentum, decay, norms and schedules, layer by layer."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from alexnet.errors import RecipeError
from alexnet.networks.cudaconvnet import Definition
from alexnet.networks.cudaconvnet.columns import Merged
from alexnet.networks.cudaconvnet.grammar import REQUIRED, WEIGHTED, Key, number, text
from alexnet.networks.cudaconvnet.layers import Layer, Notes, read_key
from alexnet.networks.cudaconvnet.sections import Section, read_sections
from alexnet.networks.cudaconvnet.weighted import weight_names
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Recipe
from alexnet.training.schedule import Schedule

_NAMES: Final = ("tgtfactor", "noisestdev", "numsteps")
_KINDS: Final = {"linear": 2, "exp": 2, "dexp": 3, "jdexp": 3}  # how many of the names each takes
_RATE: Final = "a rate of at least 0"
_KEYS: Final = (
    text("epsW", each=True),
    text("epsB"),
    number("momW", 0.0, each=True),
    number("momB", 0.0),
    number("wc", 0.0, default=0.0, each=True),
    number("wball", 0.0, default=0.0, each=True),
    number("wcNormMin", 0.0, default=0.0, each=True),
    number("wcNormMax", 0.0, default=0.0, each=True),
    text("schedW", default="default"),
    text("schedB", default="default"),
    number("superEps", 0.0, default=0.0),
)
_REQUIRED: Final = ("epsW", "epsB", "momW", "momB")


def with_parameters(recipe: Recipe) -> Recipe:
    """Return a recipe with the rates and schedules of its definition's layer-parameter file.

    Args:
        recipe: its network is a `Definition` with `parameters`.
    Raises:
        RecipeError: a layer with weights has no section, or a key that cannot be read; all are named.
    Warns:
        DefinitionWarning: once, where old spellings were read with tolerance.
    Source: the program's rates: w := w + inc, inc := momW * inc - wc * rate * w + rate * gradient.
    """
    definition = recipe.network
    if not isinstance(definition, Definition) or not definition.parameters:
        raise RecipeError(
            "--params gives the rates of a definition: name its file too, --network layers-145.cfg"
        )
    file = definition.parameters_name
    sections, notes = read_sections(definition.parameters, file), Notes(file)
    merges = {merged.name: merged for merged in definition.merges()}
    stages: dict[str, LayerHyperparameters] = {}
    for layer in definition.layers():
        if layer.kind in WEIGHTED:
            stages.update(_stage_rates(layer, merges.get(layer.name), sections, notes))
    notes.warn()
    training = replace(recipe.training, stages=stages, schedule=Schedule(kind="constant"))
    return replace(recipe, training=training)


def _stage_rates(
    layer: Layer, merged: Merged | None, sections: Mapping[str, Section], notes: Notes
) -> dict[str, LayerHyperparameters]:
    """Return the rates of a stage, or where its inputs differ, of each of its matrices."""
    written = merged.twins[0] if merged else layer
    section = sections.get(written.name)
    if section is None:
        raise RecipeError(f"{notes.file}: [{written.name}] is missing: it must say {', '.join(_REQUIRED)}")
    read = {key.name: read_key(section, _key(key), len(written.inputs), notes) for key in _KEYS}
    if read["superEps"]:
        raise section.wrong("superEps", "only 0 is built here: no published file has another")
    inputs = [merge.first[0] for merge in merged.input_merges] if merged else range(len(layer.inputs))
    own = [_rates(section, read, index, notes) for index in inputs]
    if layer.kind == "treefc":  # of which the program reads no schedule
        own = [replace(rates, weight_schedule=None, bias_schedule=None) for rates in own]
    if len(set(own)) == 1:
        return {layer.name: own[0]}
    names = weight_names(layer)
    return {layer.name: own[0]} | {
        f"{layer.name}.{name}": rates for name, rates in zip(names, own, strict=True)
    }


def _key(key: Key) -> Key:
    """Return a key that is required where the program requires it: a text has a default otherwise."""
    return replace(key, default=REQUIRED, allowed=_RATE) if key.name in _REQUIRED else key


def _rates(section: Section, read: Mapping[str, Any], index: int, notes: Notes) -> LayerHyperparameters:
    weight, weight_schedule = _rate(section, "epsW", read["epsW"][index])
    bias, bias_schedule = _rate(section, "epsB", read["epsB"])
    weight_schedule = weight_schedule or _schedule(section, "schedW", read["schedW"], notes)
    bias_schedule = bias_schedule or _schedule(section, "schedB", read["schedB"], notes)
    if (old := section.entries.get("sched")) is not None:
        notes.add(section, "sched", "is an old spelling of schedW and schedB together")
        weight_schedule = weight_schedule or _schedule(section, "sched", old.value, notes)
        bias_schedule = bias_schedule or _schedule(section, "sched", old.value, notes)
    try:
        return LayerHyperparameters(
            weight=weight,
            bias=bias,
            momentum=read["momW"][index],
            bias_momentum=read["momB"],
            decay=read["wc"][index],
            ball=read["wball"][index],
            least_norm=read["wcNormMin"][index],
            most_norm=read["wcNormMax"][index],
            weight_schedule=weight_schedule,
            bias_schedule=bias_schedule,
        )
    except RecipeError as error:
        raise section.wrong("momW", str(error)) from None


def _rate(section: Section, key: str, value_text: str) -> tuple[float, Schedule | None]:
    """Read a rate; the later program wrote its schedule into it: dexp[base=0.01;tgtFactor=250;numSteps=4]."""
    match = re.fullmatch(r"(\w+)\s*\[\s*base\s*=\s*([^;\]]+)(?:;([^\]]*))?\]", value_text.strip())
    try:
        value = float(match[2] if match else value_text)
    except ValueError:
        raise section.wrong(key, f"{_RATE} expected") from None
    if not 0.0 <= value < float("inf"):
        raise section.wrong(key, f"{_RATE} expected")
    if match is None or match[1] == "const":
        return value, None
    return value, _schedule(section, key, f"{match[1]}[{(match[3] or '').replace(';', ',')}]", None)


def _schedule(section: Section, key: str, value_text: str, notes: Notes | None) -> Schedule | None:
    """Read a schedule: default, or linear, exp, dexp, jdexp with tgtFactor, noiseStdev and numSteps.

    Files of neighbouring versions leave the names out: then the values are those three in this order, and two
    values of dexp and jdexp are tgtFactor and numSteps.
    """
    if value_text.strip() == "default":
        return None
    match = re.fullmatch(r"\s*(\w+)\s*\[([^\]]*)\]\s*", value_text)
    if match is None or match[1] not in _KINDS:
        allowed = "default or " + ", ".join(f"{kind}[tgtFactor=F,noiseStdev=S...]" for kind in _KINDS)
        raise section.wrong(key, f"{allowed} expected")
    parts = [part.strip() for part in match[2].split(",") if part.strip()]
    named = [part.partition("=") for part in parts if "=" in part]
    if named and len(named) == len(parts):
        values = {name.strip().lower(): value.strip() for name, _, value in named}
    elif named or not parts:
        raise section.wrong(key, f"{match[1]}[tgtFactor=F,noiseStdev=S] expected, all with names")
    else:
        if notes is not None:
            notes.add(section, key, "leaves out the names of the schedule's values")
        names = ("tgtfactor", "numsteps") if len(parts) == 2 and _KINDS[match[1]] == 3 else _NAMES
        values = dict(zip(names, parts, strict=False))
    return _built(section, key, match[1], values, len(parts))


def _built(section: Section, key: str, kind: str, values: Mapping[str, str], count: int) -> Schedule:
    allowed = _NAMES[: _KINDS[kind]]
    if set(values) - set(allowed) or count > len(allowed) or "tgtfactor" not in values:
        raise section.wrong(
            key, f"{kind} takes tgtFactor, noiseStdev" + (", numSteps" if len(allowed) == 3 else "")
        )
    try:
        return Schedule(
            kind=kind,
            target_factor=float(values["tgtfactor"]),
            noise=float(values.get("noisestdev", 0.0)),
            count=int(values.get("numsteps", 2)),
        )
    except ValueError:
        raise section.wrong(key, "numbers expected") from None
    except RecipeError as error:
        raise section.wrong(key, str(error)) from None
