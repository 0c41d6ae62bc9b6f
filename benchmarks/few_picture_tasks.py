"""Tasks of few pictures: folders of JPEG, train/CLASS and test/CLASS, drawn from real data with a seed.

| name | pictures | classes |
|---|---|---|
| tiny-NxM | Tiny-ImageNet: N classes, M training and 50 test pictures of each | a draw of N from one archive |
| cifar10-N | CIFAR-10: N in all, test: 100 of each class | 10 |
| fashion-N | Fashion-MNIST: N in all, test: 100 of each class | 10 |
| digits-N | the package's digits: N in all, test: all that are set aside | 10 |
| imagenet-5 | 200 full-size pictures, a quarter of them for testing | dogs, birds, other animals, vehicles, things |

The draw of classes depends on `choice` alone, the draw of pictures on `seed` and `choice`, and each class has its own
draw. Files that are JPEG already are copied byte for byte; others are written at quality 95.
"""

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from alexnet.data.decoding.images import decode
from alexnet.data.sources.naming import source_named
from alexnet.data.sources.source import Source
from alexnet.errors import DataError

TEST_PICTURES: Final = {"tiny": 50, "cifar10": 100, "fashion": 100, "digits": 1000}
"""Of each class, at most."""
QUALITY: Final = 95


@dataclass(frozen=True)
class Task:
    """A task that was written: `train` and `test` below `folder` hold a folder for each class."""

    name: str
    folder: Path
    classes: tuple[str, ...]
    training: int
    """Training pictures, of all classes."""
    testing: int
    """Test pictures, of all classes."""


def build(
    name: str, folder: Path, data: Path, *, seed: int, choice: int, archive: str = "tiny-imagenet-50-more.zip"
) -> Task:
    """Write a task's pictures into a folder that is empty or not there.

    Args:
        name: one of the table's.
        folder: where to write.
        data: where the archives lie, and cifar10/.
        seed: of the draw of pictures.
        choice: of the draw of classes.
        archive: of Tiny-ImageNet, below `data`.
    Raises:
        ValueError: there is no such task.
        DataError: the data cannot be read, or holds too few pictures or classes.
    """
    found = re.fullmatch(r"(tiny|cifar10|fashion|digits|imagenet)-(\d+)(?:x(\d+))?", name)
    if found is None:
        raise ValueError(
            f"`{name}` is no task such as tiny-10x20, cifar10-500, fashion-1000, digits-200, imagenet-5"
        )
    kind, first, second = found[1], int(found[2]), int(found[3] or 0)
    if kind == "imagenet":
        files = _coarse(data / "imagenet-sample-200.zip", seed)
    elif kind == "tiny":
        files = _drawn(source_named(data / archive), first, second, TEST_PICTURES[kind], seed, choice)
    else:
        where: dict[str, str | Path] = {
            "cifar10": data / "cifar10",
            "fashion": "fashion-mnist",
            "digits": "digits",
        }
        source = source_named(where[kind])
        count = len(source.classes)
        files = _drawn(source, count, first // count, TEST_PICTURES[kind], seed, choice)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    counts = {split: sum(path.startswith(split) for path in files) for split in ("train", "test")}
    classes = tuple(sorted({path.split("/")[1] for path in files}))
    return Task(name, folder, classes, counts["train"], counts["test"])


def _drawn(
    source: Source, classes: int, per_class: int, testing: int, seed: int, choice: int
) -> dict[str, bytes]:
    """Draw classes, and pictures of each: paths below the task's folder, and JPEG files."""
    if classes > len(source.classes) or not per_class:
        raise DataError(
            f"{source.name} has {len(source.classes)} classes: {classes} of {per_class} are asked for"
        )
    chosen = np.random.default_rng(choice).permutation(len(source.classes))[:classes]
    names = {source.classes[index] for index in chosen}
    held_out = "test" if "test" in source.splits else "validation"
    files: dict[str, bytes] = {}
    for split, count, folder in (("train", per_class, "train"), (held_out, testing, "test")):
        found: dict[str, list[bytes | np.ndarray]] = defaultdict(list)
        for example in source.examples(split):
            if example.label in names:
                if isinstance(example.content, DataError):
                    raise example.content
                found[example.label].append(example.content)
        for number, name in enumerate(sorted(found)):
            generator = np.random.default_rng([seed, choice, number, split == "train"])
            order = generator.permutation(len(found[name]))[:count]
            if len(order) < count and folder == "train":
                raise DataError(
                    f"{source.name} has {len(order)} pictures of {name}, and {count} are asked for"
                )
            files |= {f"{folder}/{name}/{row:05d}.jpg": _jpeg(found[name][row]) for row in sorted(order)}
    return files


def _jpeg(content: bytes | np.ndarray) -> bytes:
    """Return a picture as a JPEG file; one that is such already as it is."""
    if isinstance(content, bytes):
        if content[:3] == b"\xff\xd8\xff":
            return content
        content = decode(content)
    stream = io.BytesIO()
    Image.fromarray(np.asarray(content)).save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _coarse(archive: Path, seed: int) -> dict[str, bytes]:
    """Regroup one picture of each of 200 classes, NAME/nSYNSET_word.JPEG, into coarse classes."""
    found: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
    with zipfile.ZipFile(archive) as opened:
        for member in sorted(opened.namelist()):
            if synset := re.search(r"n(\d{8})_[^/]*\.JPEG$", member):
                found[coarse_class(int(synset[1]))].append((Path(member).stem, opened.read(member)))
    files: dict[str, bytes] = {}
    for number, name in enumerate(sorted(found)):
        pictures = found[name]
        order = np.random.default_rng([seed, number]).permutation(len(pictures))
        testing = round(len(pictures) / 4)
        for position, row in enumerate(order):
            split = "test" if position < testing else "train"
            files[f"{split}/{name}/{pictures[row][0]}.jpg"] = pictures[row][1]
    return files


def coarse_class(synset: int) -> str:
    """Return the coarse class of a synset of ImageNet's challenge, by the number in its name."""
    if any(first <= synset <= last for first, last in _BIRDS):
        return "birds"
    if _DOGS[0] <= synset <= _DOGS[1]:
        return "dogs"
    if synset <= _LAST_ANIMAL:
        return "other animals"
    return "vehicles" if synset in _VEHICLES else "things"


_BIRDS: Final = ((1514668, 1622779), (1795545, 1860187), (2002556, 2058221))
"""From cock to great grey owl, from black grouse to black swan, from white stork to albatross."""
_DOGS: Final = (2085620, 2113978)
"""From Chihuahua to Mexican hairless."""
_LAST_ANIMAL: Final = 2655020
"""The puffer; artefacts follow."""
_VEHICLES: Final[Mapping[int, str]] = {
    2687172: "aircraft carrier",
    2690373: "airliner",
    2692877: "airship",
    2701002: "ambulance",
    2704792: "amphibian",
    2814533: "beach wagon",
    2835271: "bicycle-built-for-two",
    2860847: "bobsled",
    2917067: "bullet train",
    2930766: "cab",
    2951358: "canoe",
    2981792: "catamaran",
    3095699: "container ship",
    3100240: "convertible",
    3218198: "dogsled",
    3272562: "electric locomotive",
    3344393: "fireboat",
    3345487: "fire engine",
    3384352: "forklift",
    3393912: "freight car",
    3417042: "garbage truck",
    3444034: "go-kart",
    3445924: "golfcart",
    3447447: "gondola",
    3478589: "half track",
    3496892: "harvester",
    3538406: "horse cart",
    3594945: "jeep",
    3599486: "jinrikisha",
    3662601: "lifeboat",
    3670208: "limousine",
    3673027: "liner",
    3769881: "minibus",
    3770679: "minivan",
    3777568: "Model T",
    3785016: "moped",
    3791053: "motor scooter",
    3792782: "mountain bike",
    3796401: "moving van",
    3868242: "oxcart",
    3895866: "passenger car",
    3930630: "pickup",
    3947888: "pirate",
    3977966: "police van",
    4037443: "racer",
    4065272: "recreational vehicle",
    4146614: "school bus",
    4147183: "schooner",
    4252077: "snowmobile",
    4252225: "snowplow",
    4266014: "space shuttle",
    4273569: "speedboat",
    4285008: "sports car",
    4310018: "steam locomotive",
    4335435: "streetcar",
    4347754: "submarine",
    4389033: "tank",
    4461696: "tow truck",
    4465501: "tractor",
    4467665: "trailer truck",
    4482393: "tricycle",
    4483307: "trimaran",
    4487081: "trolleybus",
    4509417: "unicycle",
    4552348: "warplane",
    4612504: "yawl",
}
