"""Drawing: the one owner of pictures, as SVG whose text stays text, or as PNG. No library but Pillow.

figure     a canvas: shapes in pixels, and its files
shapes     what is drawn: rectangles, lines, text, pictures
colours    those of a style sheet, light and dark
svg        shapes as elements of SVG
painting   shapes as pixels
grid       pictures side by side, as one
"""

from alexnet.canvas.colours import COLOURS, classes
from alexnet.canvas.figure import Canvas
from alexnet.canvas.grid import grid
from alexnet.canvas.shapes import Line, Picture, Rectangle, Shape, Text

__all__ = ["COLOURS", "Canvas", "Line", "Picture", "Rectangle", "Shape", "Text", "classes", "grid"]
