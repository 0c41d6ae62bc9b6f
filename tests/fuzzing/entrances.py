"""The entrances of the package: whatever comes in from outside, each with a way to give it something wrong.

An entrance is made once in a folder of its own; `once` gives it something wrong, drawn from a generator, and returns
if the package took it or refused it as it should: with an AlexNetError, or for a call in Python with a ValueError or
TypeError that says something. Any other exception is a find.
"""

import io
import json
import random
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import torch
from hostile import encoded, scene
from PIL import Image
from safetensors.torch import save_file

import alexnet
from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.data.augmentation.augment import Augmentation
from alexnet.data.checking.check import check
from alexnet.data.dataset import Dataset
from alexnet.data.decoding.images import square
from alexnet.data.preparation.prepare import prepare
from alexnet.data.quarantine import read_quarantine
from alexnet.data.sources.naming import source_named
from alexnet.data.sources.shapes import Shapes
from alexnet.errors import AlexNetError
from alexnet.interchange import conversion
from alexnet.interchange.classes import read_classes
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18
from alexnet.recipes.resolve import stored_recipe
from alexnet.runs.checkpoints import digest
from alexnet.training.display import ProgressDisplay
from alexnet.training.loop import run_training
from alexnet.training.optimizer import LayerHyperparameters
from alexnet.training.recipe import Recipe, Training
from alexnet.training.schedule import Schedule
from fuzzing.mutations import ODD, damaged, wrong, wrong_json, wrong_text

Random = random.Random


class Entrance(Protocol):
    """Something of the outside world that the package reads."""

    def once(self, rng: Random) -> None:
        """Give it something wrong."""


def refused(act: Callable[[], object], *more: type[Exception]) -> None:
    """Do something that may be refused, in one line that says something."""
    try:
        act()
    except AlexNetError as error:
        said = str(error)
        assert said.strip(), "an empty message"
        assert len(said) < 9000, f"a message of {len(said)} letters"
    except more as error:
        assert str(error).strip(), "an empty message"  # noqa: PT017  # others are finds, and fall through


class Pictures:
    """Files of pictures, of every format."""

    def __init__(self, folder: Path) -> None:
        image = Image.fromarray(scene())
        self.files = [
            encoded(image, "JPEG", quality=90),
            encoded(image, "JPEG", quality=50, progressive=True),
            encoded(image.convert("CMYK"), "JPEG"),
            encoded(image, "PNG"),
            encoded(image.quantize(16), "PNG", bits=4),
            encoded(image.convert("RGBA"), "PNG"),
            encoded(image.quantize(64), "GIF"),
            encoded(image, "BMP"),
            encoded(image, "WEBP"),
            encoded(image, "TIFF", compression="tiff_lzw"),
            encoded(image, "TIFF"),
            encoded(image, "PPM"),
        ]

    def once(self, rng: Random) -> None:
        content = damaged(rng.choice(self.files), rng)
        refused(lambda: square(content, rng.choice((8, 32, 100))))


class Weights:
    """Files of weights: torch's two formats, safetensors, Caffe's, and pickles of 2012."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "weights"
        state = {
            name: torch.zeros(2, 3)
            for name in ("features.0.weight", "features.0.bias", "classifier.6.weight")
        }
        zipped, legacy = io.BytesIO(), io.BytesIO()
        torch.save(state, zipped)
        torch.save(state, legacy, _use_new_zipfile_serialization=False)
        made = Network(Cifar18(classes=3, side=12))
        names = ("a", "b", "c")
        checkpoint.save(Checkpoint(made.architecture, made.state_dict(), names, names), folder / "own")
        blob = (
            b"\x0a\x07AlexNet"
            + b"\xa2\x06\x20\x0a\x05conv1\x12\x0bConvolution\x3a\x0a"
            + b"\x2a\x04\0\0\x80\x3f" * 3
        )
        python2 = b"(dp0\nS'model_state'\np1\n(dp2\nS'layers'\np3\n(lp4\nssS'op'\np5\nNs."
        self.files = [zipped.getvalue(), legacy.getvalue(), (folder / "own").read_bytes(), blob, python2]
        self.files += [b"\x80\x02}q\x00(X\x05\x00\x00\x00modelq\x01]q\x02u.", b"PK\x03\x04" + b"\0" * 60]

    def once(self, rng: Random) -> None:
        self.path.write_bytes(damaged(rng.choice(self.files), rng))
        network = rng.choice((None, "caffe", "caffenet", "alexnet", "cifar-18pct"))
        refused(lambda: conversion.read(self.path, network=network))


class Checkpoints:
    """Checkpoints with a true digest and wrong contents."""

    def __init__(self, folder: Path) -> None:
        made = Network(Cifar18(classes=3, side=12))
        names = ("a", "b", "c")
        self.path = folder / "checkpoint.safetensors"
        self.value = Checkpoint(
            made.architecture,
            made.state_dict(),
            names,
            names,
            recipe={"name": "x", "training": {"epochs": 1.0}},
            history=({"epoch": 1.0, "training_loss": 2.0},),
            data={"name": "x", "side": 12, "fingerprint": "f", "notes": ["n"]},
            state={"step": 1, "loss": 0.0, "wrong": 0.0, "images": 0, "validation_errors": [0.5]},
            velocity={name: value.clone() for name, value in made.named_parameters()},
        )

    def once(self, rng: Random) -> None:
        tensors, metadata = self.value._tensors(), wrong(self.value._metadata(), rng)
        if rng.random() < 0.3:
            name = rng.choice(list(tensors))
            kind = rng.choice((torch.float64, torch.int64, torch.bool, torch.float8_e4m3fn, torch.bfloat16))
            tensors[name] = tensors[name].to(kind) if rng.random() < 0.7 else tensors[name] * float("nan")
        if not isinstance(metadata, dict):
            return
        try:
            metadata["sha256"] = checkpoint._digest(tensors, metadata)
            save_file(tensors, self.path, metadata={"alexnet": json.dumps(metadata)})
        except (ValueError, TypeError, RecursionError, UnicodeEncodeError):
            return  # no file can hold it
        refused(lambda: alexnet.load(self.path).predict(np.zeros((16, 16, 3), np.uint8)))
        refused(lambda: digest(self.path))


class Cards:
    """Prepared data sets with one file damaged."""

    def __init__(self, folder: Path) -> None:
        self.whole, self.folder = folder / "whole", folder / "damaged"
        prepare(Shapes(24, classes=4, side=16), self.whole, side=16)

    def once(self, rng: Random) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.whole, self.folder)
        path = rng.choice(sorted(self.folder.iterdir()))
        mutate = wrong_json if path.suffix in (".json", ".jsonl") else damaged
        if rng.random() < 0.1:
            path.unlink()
            if rng.random() < 0.5:
                path.mkdir()
        else:
            path.write_bytes(mutate(path.read_bytes(), rng))
        refused(self._read)

    def _read(self) -> None:
        dataset = Dataset.open(self.folder)
        repr(dataset)
        dataset.mean, dataset.colour_components, dataset.unreadable  # noqa: B018  # reads three files
        for name in dataset.splits:
            split = dataset.split(name)
            split.images(np.arange(min(len(split), 5)))
            split.labels[:3].tolist()
            list(split.names)


class Runs:
    """Run directories with one file damaged."""

    def __init__(self, folder: Path) -> None:
        self.whole, self.folder = folder / "whole", folder / "runs" / "damaged"
        recipe = Recipe(
            "small",
            network=Cifar18(classes=4, side=12),
            augmentation=Augmentation(side=12),
            training=Training(
                epochs=1.0, rates=LayerHyperparameters(weight=0.001), schedule=Schedule(kind="constant")
            ),
        )
        data = prepare(Shapes(24, classes=4, side=16), folder / "data", side=16)
        run_training(data, recipe, self.whole, display=ProgressDisplay(quiet=True, mute=True))

    def once(self, rng: Random) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.whole, self.folder)
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file() and path.name != ".lock"]
        path = rng.choice(files)
        mutate = wrong_json if path.suffix in (".json", ".jsonl") else damaged
        content = mutate(path.read_bytes(), rng)
        if rng.random() < 0.1:
            path.unlink()
            if rng.random() < 0.7:
                path.mkdir()
        else:
            path.write_bytes(content)
        (run,) = alexnet.runs(self.folder.parent) or (None,)  # never refused: one bad run stops no listing
        repr(run)
        refused(lambda: run.history if run else None)
        refused(lambda: alexnet.load(self.folder))
        refused(lambda: digest(self.folder))
        refused(lambda: stored_recipe(self.folder))
        refused(lambda: alexnet.report(self.folder, views=1))


class Definitions:
    """Layer definitions of the 2012 program, and their parameter files."""

    def __init__(self, folder: Path) -> None:
        self.layers, self.parameters = folder / "layers-x.cfg", folder / "layer-params-x.cfg"

    def once(self, rng: Random) -> None:
        self.layers.write_text(wrong_text(LAYERS, rng), encoding="utf-8", errors="surrogateescape")
        self.parameters.write_text(wrong_text(PARAMETERS, rng), encoding="utf-8", errors="surrogateescape")
        with torch.device("meta"):
            refused(lambda: alexnet.build(str(self.layers)))


class Lists:
    """Lists of files, of classes and of pictures to leave out."""

    def __init__(self, folder: Path) -> None:
        (folder / "a.png").write_bytes(encoded(Image.fromarray(scene()), "PNG"))
        self.path = folder / "list.txt"
        self.texts = [
            b"path,label\na.png,x\nb.png,y\n",
            b"a.png 0\nb.png 1\n",
            b'{"name": "a"}\nb\n',
            b"n01440764 tench\nx\n",
        ]
        self.texts += [b'{"path": "a.png", "label": "x"}\n', b"a.png\tx\n"]

    def once(self, rng: Random) -> None:
        self.path = self.path.with_suffix(rng.choice((".txt", ".csv", ".tsv", ".jsonl")))
        self.path.write_bytes(damaged(rng.choice(self.texts), rng))
        refused(lambda: read_quarantine(self.path))
        refused(lambda: read_classes(self.path))
        refused(lambda: [list(source.examples("train")) for source in [source_named(self.path)]])


class Archives:
    """Archives of pictures."""

    def __init__(self, folder: Path) -> None:
        picture = encoded(Image.fromarray(scene(24, 24)), "PNG")
        self.folder = folder
        zipped, tarred = io.BytesIO(), io.BytesIO()
        with zipfile.ZipFile(zipped, "w") as archive, tarfile.open(fileobj=tarred, mode="w") as other:
            for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
                archive.writestr(name, picture)
                entry = tarfile.TarInfo(name)
                entry.size = len(picture)
                other.addfile(entry, io.BytesIO(picture))
        self.files = [("pictures.zip", zipped.getvalue()), ("pictures.tar", tarred.getvalue())]

    def once(self, rng: Random) -> None:
        name, content = rng.choice(self.files)
        path = self.folder / name
        path.write_bytes(damaged(content, rng))
        refused(lambda: check(source_named(path, strict=False), workers=0))


class Calls:
    """Public functions called with the wrong thing."""

    def __init__(self, folder: Path) -> None:
        made = Network(Cifar18(classes=3, side=12))
        names = ("a", "b", "c")
        path = folder / "checkpoint.safetensors"
        checkpoint.save(Checkpoint(made.architecture, made.state_dict(), names, names), path)
        self.classifier, self.network, self.folder = alexnet.load(path), made.eval(), folder

    def once(self, rng: Random) -> None:
        arrays = (
            np.zeros((4, 4)),
            np.zeros((0, 0, 3), np.uint8),
            np.zeros((2, 2, 2, 2, 2)),
            torch.zeros(3, 8, 8),
        )
        odd: Any = rng.choice((*ODD, *arrays, object(), b"", io.BytesIO(b"x"), int, Path("nowhere")))
        calls: tuple[Callable[[], object], ...] = (
            lambda: self.classifier.predict(odd),
            lambda: self.classifier.predict(np.zeros((8, 8, 3), np.uint8), top=odd),
            lambda: self.classifier.predict(np.zeros((8, 8, 3), np.uint8), views=odd),
            lambda: self.classifier.features(np.zeros((8, 8, 3), np.uint8), odd),
            lambda: self.network(odd),
            lambda: self.network.activations(torch.zeros(1, 3, 12, 12), odd),
            lambda: alexnet.build(odd),
            lambda: (
                alexnet.build("cifar-18pct", classes=odd) if not isinstance(odd, int) or odd < 10**6 else None
            ),
            lambda: alexnet.build(
                "cifar-18pct", **{rng.choice(("side", "activation", "deviation", "nothing")): odd}
            ),
            lambda: alexnet.load(odd),
            lambda: alexnet.recipe(odd),
            lambda: alexnet.runs(odd),
            lambda: alexnet.convert(odd, self.folder / "out.safetensors"),
        )
        refused(rng.choice(calls), ValueError, TypeError)


LAYERS: Final = """[data]
type=data
dataIdx=0

[labels]
type=data
dataIdx=1

[conv1]
type=conv
inputs=data
channels=3
filters=16
padding=2
stride=1
filterSize=5
initW=0.0001
partialSum=4
sharedBiases=1

[pool1]
type=pool
pool=max
inputs=conv1
start=0
sizeX=3
stride=2
outputsX=0
channels=16
neuron=relu

[rnorm1]
type=cmrnorm
inputs=pool1
channels=16
size=3

[fc10]
type=fc
outputs=10
inputs=rnorm1
initW=0.01

[probs]
type=softmax
inputs=fc10

[logprob]
type=cost.logreg
inputs=labels,probs
"""
PARAMETERS: Final = """[conv1]
epsW=0.001
epsB=0.002
momW=0.9
momB=0.9
wc=0.004

[rnorm1]
scale=0.00005
pow=.75

[fc10]
epsW=0.001
epsB=0.002
momW=0.9
momB=0.9
wc=1

[logprob]
coeff=1
"""

ENTRANCES: Final[dict[str, Callable[[Path], Entrance]]] = {
    "pictures": Pictures,
    "weights": Weights,
    "checkpoints": Checkpoints,
    "cards": Cards,
    "runs": Runs,
    "definitions": Definitions,
    "lists": Lists,
    "archives": Archives,
    "calls": Calls,
}
