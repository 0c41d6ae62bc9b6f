"""Weights that their publishers offer to everyone, and what each publisher says of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alexnet.downloads import Digest, Remote


@dataclass(frozen=True)
class ExpectedErrors:
    """Errors on pictures that were not trained on, as the publisher states them."""

    top1: float
    """A fraction."""
    top5: float | None
    """A fraction; None where it is not stated."""
    protocol: str
    """On which pictures, with which views."""


@dataclass(frozen=True)
class PublishedWeights:
    """Weights that have a name."""

    name: str
    """What `alexnet predict NAME` and the other commands take."""
    publisher: str
    """Who offers them."""
    file: Remote
    """The publisher's file; for what lies in the package, its name stands for the address."""
    layout: str
    """What kind of file it is, for people."""
    network: str
    """The network of the catalogue whose weights they are."""
    trained_on: str
    """Which pictures they were learned from."""
    errors: ExpectedErrors
    licence: str
    """Under which terms, as far as the publisher says."""
    source: str
    """Where the publisher says so; for what lies in the package, the command that trained it."""
    caffe_folder: str = ""
    """The folder below Caffe's `models` in which its own scripts put the file; empty for others."""
    shipped: Path | None = None
    """The checkpoint, where it lies in the package; None for what others publish."""


_ILSVRC: Final = "ImageNet, the 1.2 million training pictures and 1,000 classes of ILSVRC 2012"
_CAFFE: Final = "Berkeley Vision and Learning Center"
_CAFFE_HOST: Final = "http://dl.caffe.berkeleyvision.org"
_UNRESTRICTED: Final = (
    "'released for unrestricted use' (its readme); ImageNet's pictures have terms of their own"
)
_CENTRE: Final = "ILSVRC 2012 validation, the centre alone"

WEIGHTS: Final[dict[str, PublishedWeights]] = {
    weights.name: weights
    for weights in (
        PublishedWeights(
            name="torchvision",
            publisher="PyTorch",
            file=Remote(
                "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
                244408911,
                Digest("sha256", "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02"),
            ),
            layout="a state dict of torchvision's alexnet (AlexNet_Weights.IMAGENET1K_V1)",
            network="torchvision",
            trained_on=_ILSVRC,
            errors=ExpectedErrors(0.43478, 0.20934, _CENTRE),
            licence=(
                "torchvision's code: BSD 3-Clause; of its weights the publisher says that they may have terms of "
                "their own, from the data they were trained on, ImageNet's here"
            ),
            source="https://pytorch.org/vision/stable/models/generated/torchvision.models.alexnet.html",
        ),
        PublishedWeights(
            name="caffe",
            publisher=_CAFFE,
            file=Remote(
                f"{_CAFFE_HOST}/bvlc_alexnet.caffemodel",
                None,
                Digest("sha1", "9116a64c0fbe4459d18f4bb6b56d647b63920377"),
            ),
            layout="a .caffemodel, bvlc_alexnet",
            network="caffe",
            trained_on=_ILSVRC,
            errors=ExpectedErrors(0.429, 0.198, _CENTRE),
            licence=_UNRESTRICTED,
            source="https://github.com/BVLC/caffe/tree/master/models/bvlc_alexnet",
            caffe_folder="bvlc_alexnet",
        ),
        PublishedWeights(
            name="caffenet",
            publisher=_CAFFE,
            file=Remote(
                f"{_CAFFE_HOST}/bvlc_reference_caffenet.caffemodel",
                None,
                Digest("sha1", "4c8d77deb20ea792f84eb5e6d0a11ca0a8660a46"),
            ),
            layout="a .caffemodel, bvlc_reference_caffenet",
            network="caffenet",
            trained_on=_ILSVRC,
            errors=ExpectedErrors(0.426, 0.196, _CENTRE),
            licence=_UNRESTRICTED,
            source="https://github.com/BVLC/caffe/tree/master/models/bvlc_reference_caffenet",
            caffe_folder="bvlc_reference_caffenet",
        ),
    )
}
"""What others publish, by name; `alexnet.weights.shipped` adds what lies in the package."""
