"""Data sets by name: who publishes them, and where they may lie already.

A name is looked for in `ALEXNET_DATA` first: there, a folder of that name, or the publisher's files; then in the
folder for what can be made again; then where Debian installs it. Only then it is fetched.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alexnet import files
from alexnet.data.sources.files.archives import Tar, Zip
from alexnet.data.sources.files.trees import Directory
from alexnet.data.sources.folders import Folders
from alexnet.data.sources.layouts.cifar import cifar
from alexnet.data.sources.layouts.idx import idx
from alexnet.data.sources.layouts.tiny_imagenet import tiny_imagenet
from alexnet.data.sources.opening import open_source
from alexnet.data.sources.source import Source
from alexnet.downloads import Digest, Remote, fetch, tell
from alexnet.errors import DataError


@dataclass(frozen=True)
class PublicDataset:
    """A data set that its publisher offers to everyone."""

    remotes: tuple[Remote, ...]
    """Its files: one archive, or several that are kept together."""
    read: Callable[[Path], Source]
    """Makes a source of the archive, or of the folder of several files."""
    terms: str
    """Under which it may be used, as the publisher says."""
    installed: str = ""
    """Where an operating system's package puts it."""


_TORONTO, _FASTAI = "https://www.cs.toronto.edu/~kriz", "https://s3.amazonaws.com/fast-ai-imageclas"
_ZALANDO = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
_IMAGENET_TERMS = "pictures of ImageNet: for research, under its terms of access"

PUBLISHED: dict[str, PublicDataset] = {
    "cifar10": PublicDataset(
        (
            Remote(
                f"{_TORONTO}/cifar-10-python.tar.gz",
                170498071,
                Digest("sha256", "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"),
            ),
        ),
        lambda path: cifar(Tar(path)),
        "asks to cite Krizhevsky 2009",
    ),
    "cifar100": PublicDataset(
        (
            Remote(
                f"{_TORONTO}/cifar-100-python.tar.gz",
                169001437,
                Digest("sha256", "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"),
            ),
        ),
        lambda path: cifar(Tar(path)),
        "asks to cite Krizhevsky 2009",
    ),
    "fashion-mnist": PublicDataset(
        (
            Remote(
                f"{_ZALANDO}/train-images-idx3-ubyte.gz",
                26421880,
                Digest("sha256", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            ),
            Remote(
                f"{_ZALANDO}/train-labels-idx1-ubyte.gz",
                29515,
                Digest("sha256", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            ),
            Remote(
                f"{_ZALANDO}/t10k-images-idx3-ubyte.gz",
                4422102,
                Digest("sha256", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            ),
            Remote(
                f"{_ZALANDO}/t10k-labels-idx1-ubyte.gz",
                5148,
                Digest("sha256", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
            ),
        ),
        lambda path: idx(Directory(path)),
        "MIT licence",
        "/usr/share/datasets/fashion-mnist",
    ),
    "imagenette": PublicDataset(
        (
            Remote(
                f"{_FASTAI}/imagenette2-320.tgz",
                341663724,
                Digest("sha256", "569b4497c98db6dd29f335d1f109cf315fe127053cedf69010d047f0188e158c"),
            ),
        ),
        lambda path: Folders(Tar(path)),
        _IMAGENET_TERMS,
    ),
    "tiny-imagenet": PublicDataset(
        (
            Remote(
                "http://cs231n.stanford.edu/tiny-imagenet-200.zip",
                248100043,
                Digest("sha256", "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821"),
            ),
        ),
        lambda path: tiny_imagenet(Zip(path)),
        _IMAGENET_TERMS,
    ),
}


def published(name: str, say: Callable[[str], None] = tell) -> Source:
    """Open a published data set: from where it lies, else from its publisher.

    Args:
        name: one of `PUBLISHED`.
        say: is told of what is fetched.
    Raises:
        DataError: it is nowhere and cannot be fetched, or what was fetched is not what was published.
    """
    publication = PUBLISHED[name]
    own = os.environ.get("ALEXNET_DATA")
    if own and (Path(own) / name).exists():
        return open_source(Path(own) / name)
    if own and all(remote.matches(Path(own) / remote.name) for remote in publication.remotes):
        return _read(publication, Path(own))
    if publication.installed and Path(publication.installed).is_dir():
        return publication.read(Path(publication.installed))
    folder = files.home() / "downloads" / name
    if not all((folder / remote.name).exists() for remote in publication.remotes):
        say(f"{name}: {publication.terms}")
    for remote in publication.remotes:
        fetch(remote, folder, say, error=DataError)
    return _read(publication, folder)


def _read(publication: PublicDataset, folder: Path) -> Source:
    """Open one archive, or the folder of several files."""
    return publication.read(folder / publication.remotes[0].name if len(publication.remotes) == 1 else folder)
