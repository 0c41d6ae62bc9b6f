"""Shapes as elements of SVG."""

from html import escape

from alexnet.canvas.shapes import Line, Picture, Rectangle, Shape, Text
from alexnet.png import data_address
from alexnet.text import visible


def element(shape: Shape) -> str:
    """Return a shape as an element of SVG; a picture is within it."""
    match shape:
        case Rectangle():
            return (
                f'<rect class="f-{shape.colour}" x="{shape.x:.1f}" y="{shape.y:.1f}" '
                f'width="{max(0.0, shape.width):.1f}" height="{max(0.0, shape.height):.1f}"/>'
            )
        case Line():
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
            dashes = ' stroke-dasharray="4 4"' if shape.dashed else ""
            return f'<polyline class="s-{shape.colour}" stroke-width="{shape.width:g}"{dashes} points="{points}"/>'
        case Text():
            weight = ' font-weight="bold"' if shape.bold else ""
            anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
            turned = f' transform="rotate(-90 {shape.x:.1f} {shape.y:.1f})"' if shape.upright else ""
            return (
                f'<text class="f-{shape.colour}" x="{shape.x:.1f}" y="{shape.y:.1f}" '
                f'font-size="{shape.size:g}"{anchor}{weight}{turned}>{said(shape.text)}</text>'
            )
        case Picture():
            how = "" if shape.smooth else ' style="image-rendering:pixelated"'
            return (
                f'<image x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}"'
                f'{how} preserveAspectRatio="none" href="{data_address(shape.pixels)}"/>'
            )


def said(text: str) -> str:
    """Return text as XML takes it; what it has no letter for, as its number."""
    return escape(visible(text))
