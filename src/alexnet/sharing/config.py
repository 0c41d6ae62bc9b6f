"""What other programs read of a network and of its pictures: config.json and preprocessor_config.json.

Shapes: S pixels along a side of the network's input, K classes.
"""

from typing import Any, Final

import torch

from alexnet.checkpoint import Checkpoint
from alexnet.networks.catalogue import described
from alexnet.networks.network import Network
from alexnet.networks.stage import Architecture
from alexnet.sharing.timm_names import timm_arguments, timm_name
from alexnet.version import VERSION

PICTURES: Final = 256 / 224
"""Sides of a picture to that of a network's input, where nothing else is said (section 2 and 3.5)."""
_BILINEAR: Final = 2
"""Pillow's number of the interpolation."""


def config(found: Checkpoint) -> dict[str, Any]:
    """Return config.json: the fields of this package, of timm, and the classes as the Hub's widgets read them."""
    with torch.device("meta"):
        network = Network.empty(found.architecture)
    return {
        "model_type": "alexnet",
        "library_name": "alexnet",
        "alexnet_version": VERSION,
        "network": described(found.architecture),
        "picture_side": found.side,
        "architecture": timm_name(found.architecture),
        "model_args": timm_arguments(found.architecture),
        "num_classes": found.architecture.classes,
        "num_features": network.shapes()[features_stage(network)][0],
        "pretrained_cfg": pretrained_cfg(found.architecture, found.side),
        "label_names": list(found.classes),
        "label_descriptions": dict(zip(found.classes, found.words, strict=True)),
        "id2label": {str(number): words for number, words in enumerate(found.words)},
    }


def preprocessor_config(found: Checkpoint) -> dict[str, Any]:
    """Return preprocessor_config.json: the shorter side scaled, the centre cut out, pixels left as 0 to 255.

    The network subtracts its mean picture itself, so that nothing is divided and nothing else subtracted.
    """
    side = found.architecture.side
    return {
        "image_processor_type": "ViTImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"shortest_edge": found.side},
        "resample": _BILINEAR,
        "do_center_crop": found.side != side,
        "crop_size": {"height": side, "width": side},
        "do_rescale": False,
        "do_normalize": False,
    }


def pretrained_cfg(architecture: Architecture, picture_side: int | None = None) -> dict[str, Any]:
    """Return how timm prepares pictures for a network, in timm's words; its pixels, 0 to 1, become 0 to 255 again.

    Args:
        architecture: of the network.
        picture_side: to which the shorter side of its pictures was scaled, in pixels; left out, the paper's.
    """
    side = architecture.side
    with torch.device("meta"):
        stages = architecture.stages()
    weighted = [stage.name for stage in stages if any(True for _ in stage.operation.parameters())]
    return {
        "input_size": (3, side, side),
        "fixed_input_size": True,
        "interpolation": "bilinear",
        "crop_pct": side / (picture_side or round(PICTURES * side)),
        "crop_mode": "center",
        "mean": (0.0, 0.0, 0.0),
        "std": (1 / 255, 1 / 255, 1 / 255),
        "num_classes": architecture.classes,
        "first_conv": f"network.{weighted[0]}",
        "classifier": f"network.{weighted[-1]}",
    }


def features_stage(network: Network) -> str:
    """Return the name of the stage that gives the last maps; the last but one of a network of maps alone."""
    shapes = network.shapes()
    return [name for name, shape in shapes.items() if len(shape) == 3 and name != network.output][-1]
