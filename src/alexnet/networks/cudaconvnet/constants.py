"""What of a layer-parameter file belongs to the network: the constants of normalisation, dropout and pools.

The rest of such a file, rates and schedules, belongs to training.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from alexnet.networks.cudaconvnet.grammar import Key, boolean, number
from alexnet.networks.cudaconvnet.layers import Layer, Notes, read_key
from alexnet.networks.cudaconvnet.sections import Section

# Section 3.3 for cmrnorm; for the others, the published parameter files
_SCALE: Final = {"cmrnorm": 1e-4, "rnorm": 1e-3, "cnorm": 1e-3}
_POWER: Final = 0.75
_LEAST: Final = {True: 1.0, False: 2.0}  # minDiv where scale is stated, and where nothing is


@final
@dataclass(frozen=True)
class Constants:
    """Constants by layer, from the sections of a parameter file and, in old files, from the definition."""

    sections: Mapping[str, Section]
    notes: Notes
    """Of the definition: what was taken for granted is told there."""

    def of_normalization(self, layer: Layer) -> tuple[float, float, float]:
        """Return scale, pow and minDiv of a normalisation."""
        read = {name: self._read(layer, number(name, default=None)) for name in ("scale", "pow", "minDiv")}
        for name, value in read.items():
            if value is None and layer.options.get(name) is not None:
                read[name] = layer.options[name]
                self.notes.add(layer.section, name, "belongs in the parameter file in later versions")
        if read["scale"] is None or read["pow"] is None:
            self.notes.add(
                layer.section, "scale", "and pow are in no parameter file: those of net 145 are taken"
            )
        least = read["minDiv"] if read["minDiv"] is not None else _LEAST[read["scale"] is not None]
        scale = read["scale"] if read["scale"] is not None else _SCALE[layer.kind]
        return scale, read["pow"] if read["pow"] is not None else _POWER, least

    def of_dropout(self, layer: Layer) -> bool:
        """Tell whether a dropout layer is switched on, as it is where nothing else is said."""
        return bool(self._read(layer, boolean("enable", default=True)))

    def of_pool(self, layer: Layer) -> bool:
        """Tell whether a random pool is to take the maximum instead."""
        return bool(self._read(layer, boolean("doMax", default=False)))

    def _read(self, layer: Layer, key: Key) -> Any:
        section = self.sections.get(layer.section.name)
        return key.default if section is None else read_key(section, key, 1, self.notes)
