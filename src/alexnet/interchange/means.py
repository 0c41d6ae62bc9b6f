"""The mean picture that a network subtracts: one colour, or from a file that holds a picture."""

import os
import re
from pathlib import Path

from torch import Tensor

from alexnet.errors import CheckpointError
from alexnet.interchange import caffe
from alexnet.interchange.cudaconvnet.meta import read_meta
from alexnet.interchange.cudaconvnet.states import is_pickle
from alexnet.interchange.imported import one_colour
from alexnet.interchange.opening import opened


def read_mean(text: str, side: int) -> Tensor:
    """Read a mean picture.

    Args:
        text: three numbers R,G,B in 0-255 for a mean of one colour; or the path of a .binaryproto of Caffe or
            of a batches.meta of the program of 2012.
        side: height and width of the picture that a mean of one colour fills, in pixels.
    Returns:
        float32, RGB in 0-255, (3, H, W).
    Raises:
        CheckpointError: the file cannot be read or holds no mean picture.
    """
    if re.fullmatch(r"\s*\d+(\.\d*)?(\s*,\s*\d+(\.\d*)?){2}\s*", text):
        colour = [float(part) for part in text.split(",")]
        if max(colour) > 255:
            raise CheckpointError(f"a mean of {text} is no colour: red, green and blue are 0 to 255")
        return one_colour(colour, side)
    if re.fullmatch(r"[\d.,\s+-]+", text) and not os.path.exists(text):
        raise CheckpointError(f"`{text}` is no mean: three numbers R,G,B of 0 to 255, or a file")
    with opened(Path(text)) as source:
        if is_pickle(bytes(source.content[:2])):
            mean = read_meta(source).mean
            if mean is None:
                raise CheckpointError(f"{text} holds no mean picture")
            return mean
        return caffe.mean_of(source)
