"""What of a data set excites a unit most, with its receptive field cut out of the picture.

Shapes: C maps of a stage, or units; H rows and W columns of a map.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import torch

from alexnet.canvas import Canvas, Picture, Text
from alexnet.data.batches import batches
from alexnet.data.split import Split
from alexnet.data.views import center_view
from alexnet.errors import RecipeError
from alexnet.inspection.fields import receptive_field
from alexnet.networks.network import Network

BATCH: Final = 64
SHOWN_UNITS: Final = 12


@final
@dataclass(frozen=True, order=True)
class Patch:
    """A part of a picture, and how much it excites a unit."""

    value: float
    index: int
    """Of the picture in the split."""
    rows: tuple[int, int]
    columns: tuple[int, int]
    """First pixel, and the one behind the last, of the picture as the network sees it."""


@torch.inference_mode()
def patches(
    network: Network,
    split: Split,
    stage: str,
    units: Sequence[int],
    *,
    best: int = 9,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[int, list[Patch]]:
    """Find the parts of a split's pictures that excite some units of a stage most, one a picture at most.

    Args:
        network: in any mode; it is put into evaluation mode.
        split: the pictures; the centre of each is shown to the network.
        stage: its name.
        units: numbers of its maps, or of its units.
        best: how many parts are kept for each.
        progress: called with the pictures done and in all.
    Returns:
        for each unit its parts, the most exciting first. Memory does not grow with the split.
    Raises:
        RecipeError: no such stage or unit.
        DataError: a picture cannot be read.
    """
    shape = network.shapes()[network.stage(stage).name]
    for unit in units:
        if not 0 <= unit < shape[0]:
            raise RecipeError(f"{stage} has units 0 to {shape[0] - 1}, not {unit}")
    field, side = receptive_field(network, stage), network.architecture.side
    found: dict[int, list[Patch]] = {unit: [] for unit in units}
    network.eval()
    for batch in batches(split, np.arange(len(split)), BATCH):
        (part,) = batch.micro_batches
        view = center_view(part.images, side)[:, 0].to(network.device)
        values = network.activations(view, stage)[stage][:, list(units)].float().cpu()
        flat = values.flatten(2) if values.dim() == 4 else values[:, :, None]
        highest, positions = flat.max(2)
        for row, index in enumerate(part.indices.tolist()):
            for column, unit in enumerate(units):
                at = divmod(int(positions[row, column]), shape[2]) if len(shape) == 3 else (0, 0)
                down, across = (field.pixels(position, side) for position in at)
                patch = Patch(
                    float(highest[row, column]), index, (down.start, down.stop), (across.start, across.stop)
                )
                heap = found[unit]
                if len(heap) < best:
                    heapq.heappush(heap, patch)
                else:
                    heapq.heappushpop(heap, patch)
        progress(int(part.indices[-1]) + 1, len(split))
    return {unit: sorted(heap, key=lambda patch: (-patch.value, patch.index)) for unit, heap in found.items()}


def exciting(
    network: Network,
    split: Split,
    stage: str,
    *,
    units: Sequence[int] | None = None,
    best: int = 9,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Canvas:
    """Draw the parts of pictures that excite units of a stage most, a unit a row.

    Args:
        network, split, stage, best, progress: as `patches` takes them.
        units: which; without, the first twelve.
    """
    count = network.shapes()[network.stage(stage).name][0]
    chosen = list(units) if units is not None else list(range(min(count, SHOWN_UNITS)))
    found = patches(network, split, stage, chosen, best=best, progress=progress)
    side, size = network.architecture.side, 56.0
    canvas = Canvas(
        84 + best * (size + 4),
        48 + len(chosen) * (size + 6),
        f"{stage}: what excites {len(chosen)} of its {count} units most",
        f"A row a unit: the parts of {len(split):,} pictures that its receptive field covers, the most exciting first.",
    )
    canvas.add_title()
    for row, unit in enumerate(chosen):
        top = 36 + row * (size + 6)
        canvas.add(Text(12, top + size / 2 + 4, f"unit {unit}", "quiet"))
        for column, patch in enumerate(found[unit]):
            view = center_view(split.images(np.array([patch.index])), side)[0, 0]
            cut = view[:, patch.rows[0] : patch.rows[1], patch.columns[0] : patch.columns[1]]
            pixels = cut.permute(1, 2, 0).contiguous().numpy()
            canvas.add(Picture(76 + column * (size + 4), top, size, size, pixels, smooth=True))
    return canvas
