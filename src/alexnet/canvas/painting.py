"""Shapes as pixels, light, twice as large as they are drawn."""

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from alexnet.canvas.colours import COLOURS
from alexnet.canvas.shapes import Line, Picture, Rectangle, Shape, Text
from alexnet.text import visible

SCALE: Final = 2
"""Pixels of a PNG for each of the drawing's, for sharp screens."""


def paint(image: Image.Image, draw: ImageDraw.ImageDraw, shape: Shape) -> None:
    """Paint a shape over what is there; `draw` draws on `image`."""
    match shape:
        case Rectangle():
            left, top = round(shape.x * SCALE), round(shape.y * SCALE)
            right, bottom = (
                round((shape.x + shape.width) * SCALE) - 1,
                round((shape.y + shape.height) * SCALE) - 1,
            )
            if right >= left and bottom >= top:
                draw.rectangle((left, top, right, bottom), fill=COLOURS[shape.colour][0])
        case Line():
            points = [(x * SCALE, y * SCALE) for x, y in shape.points]
            pieces = _dashes(points) if shape.dashed else [points]
            for piece in pieces:
                draw.line(
                    piece,
                    fill=COLOURS[shape.colour][0],
                    width=max(1, round(shape.width * SCALE)),
                    joint="curve",
                )
        case Text():
            font = ImageFont.load_default(shape.size * SCALE)
            anchor = {"start": "ls", "middle": "ms", "end": "rs"}[shape.anchor]
            stroke = 1 if shape.bold else 0
            position, colour = (shape.x * SCALE, shape.y * SCALE), COLOURS[shape.colour][0]
            if shape.upright:
                _paint_upright(image, shape, font, anchor)
                return
            draw.text(
                position, visible(shape.text), fill=colour, font=font, anchor=anchor, stroke_width=stroke / 2
            )
        case Picture():
            size = (max(1, round(shape.width * SCALE)), max(1, round(shape.height * SCALE)))
            how = Image.Resampling.LANCZOS if shape.smooth else Image.Resampling.NEAREST
            scaled = Image.fromarray(np.ascontiguousarray(shape.pixels)).resize(size, how)
            mask = scaled if scaled.mode == "RGBA" else None
            image.paste(scaled, (round(shape.x * SCALE), round(shape.y * SCALE)), mask)


def _paint_upright(
    image: Image.Image, shape: Text, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, anchor: str
) -> None:
    """Paint text that is turned by a quarter: on a square of its own around its point, which is turned then."""
    reach = round(max(image.size))
    mask = Image.new("L", (2 * reach, 2 * reach))
    ImageDraw.Draw(mask).text((reach, reach), visible(shape.text), fill=255, font=font, anchor=anchor)
    turned = mask.rotate(90)
    corner = (round(shape.x * SCALE) - reach, round(shape.y * SCALE) - reach)
    image.paste(COLOURS[shape.colour][0], (*corner, corner[0] + 2 * reach, corner[1] + 2 * reach), turned)


def _dashes(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Cut a line through points into dashes of 4 pixels, 4 apart."""
    pieces: list[list[tuple[float, float]]] = []
    length = 4.0 * SCALE
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        distance = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-9)
        for start in np.arange(0.0, distance, 2 * length):
            ends = (start / distance, min(start + length, distance) / distance)
            pieces.append([(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share) for share in ends])
    return pieces
