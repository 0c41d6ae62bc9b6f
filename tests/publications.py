"""Weights that the tests publish: what any bytes are called, and how they are known."""

import hashlib

from alexnet.downloads import Digest, Remote
from alexnet.weights.catalogue import ExpectedErrors, PublishedWeights

FILE = "small-weights.pth"


def published(
    content: bytes, url: str, *, network: str = "cifar-80sec", kind: str = "sha256"
) -> PublishedWeights:
    """Return a publication of a file's bytes."""
    return PublishedWeights(
        name="tested",
        publisher="the tests",
        file=Remote(url, len(content), Digest(kind, hashlib.new(kind, content).hexdigest())),
        layout="a state dict",
        network=network,
        trained_on="nothing",
        errors=ExpectedErrors(0.9, None, "none"),
        licence="free",
        source="tests/weights",
        caffe_folder="tested_model",
    )
