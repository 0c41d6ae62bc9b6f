"""Caffe's networks: files by a small writer of the test, answers by an independent forward pass in NumPy."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError
from alexnet.interchange import caffe, conversion
from alexnet.interchange.opening import opened
from caffemodels import (
    CAFFE,
    CAFFENET,
    SHAPES,
    Array,
    blob,
    caffemodel,
    field,
    integer,
    layer,
    varint,
    weights,
)

# An independent forward pass: Caffe's layers by its documentation, on pictures in blue, green, red.


def convolved(
    x: Array, weight: Array, bias: Array, stride: int = 1, padding: int = 0, groups: int = 1
) -> Array:
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    size = weight.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (1, 2))[:, ::stride, ::stride]
    parts = [
        np.tensordot(w, part, ([1, 2, 3], [0, 3, 4]))
        for w, part in zip(np.split(weight, groups), np.split(windows, groups), strict=True)
    ]
    return np.concatenate(parts) + bias[:, None, None]


def pooled(x: Array) -> Array:
    largest: Array = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))[:, ::2, ::2].max((3, 4))
    return largest


def normalised(x: Array) -> Array:
    squares = np.pad(x.astype(np.float64) ** 2, ((2, 2), (0, 0), (0, 0)))
    total = sum(squares[i : i + len(x)] for i in range(5))
    return np.asarray(x / (1 + 1e-4 / 5 * total) ** 0.75, np.float32)


def logits(
    made: dict[str, tuple[Array, Array]], picture: NDArray[np.uint8], mean_bgr: Array, caffenet: bool
) -> Array:
    """Answer an RGB picture (3, 227, 227) as Caffe does: colours reversed, mean subtracted, scale 0-255."""

    def relu(x: Array) -> Array:
        return np.maximum(x, 0)

    def summary(x: Array) -> Array:
        return normalised(pooled(x)) if caffenet else pooled(normalised(x))

    x = picture[::-1].astype(np.float32) - mean_bgr
    x = summary(relu(convolved(x, *made["conv1"], stride=4)))
    x = summary(relu(convolved(x, *made["conv2"], padding=2, groups=2)))
    x = relu(convolved(x, *made["conv3"], padding=1))
    x = relu(convolved(x, *made["conv4"], padding=1, groups=2))
    x = pooled(relu(convolved(x, *made["conv5"], padding=1, groups=2)))
    x = relu(made["fc6"][0] @ x.ravel() + made["fc6"][1])
    x = relu(made["fc7"][0] @ x + made["fc7"][1])
    return made["fc8"][0] @ x + made["fc8"][1]


@pytest.fixture(scope="module")
def made() -> dict[str, tuple[Array, Array]]:
    return weights()


@pytest.fixture(scope="module")
def bvlc_alexnet(
    made: dict[str, tuple[Array, Array]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("caffe") / "bvlc_alexnet.caffemodel"
    path.write_bytes(caffemodel(made, CAFFE, generation="v1", legacy=True))
    yield path
    path.unlink()


def picture() -> NDArray[np.uint8]:
    return np.random.default_rng(8).integers(0, 256, (3, 227, 227), np.uint8)


def answer(found: Checkpoint) -> Array:
    with torch.no_grad():
        return np.asarray(found.network()(torch.from_numpy(picture())[None])[0].numpy())


def test_bvlc_alexnet_of_an_older_generation_gives_the_logits_of_numpy(
    made: dict[str, tuple[Array, Array]], bvlc_alexnet: Path, tmp_path: Path
) -> None:
    """A mean picture in blue, green, red of 256 x 256 comes with it; the network crops its centre."""
    mean = np.random.default_rng(1).uniform(90, 130, (3, 256, 256)).astype(np.float32)
    (tmp_path / "mean.binaryproto").write_bytes(blob(mean[None], legacy=True))
    found = conversion.read(bvlc_alexnet, mean=str(tmp_path / "mean.binaryproto"))
    expected = logits(made, picture(), mean[:, 14:241, 14:241], caffenet=False)
    np.testing.assert_allclose(answer(found), expected, rtol=1e-3, atol=1e-3)
    assert found.data["converted from"] == "Caffe (bvlc_alexnet)"


def test_caffenet_gives_the_logits_of_numpy_with_the_mean_colour(
    made: dict[str, tuple[Array, Array]], bvlc_alexnet: Path
) -> None:
    found = conversion.read(bvlc_alexnet, network="caffenet")
    mean = np.array([104.0069879317889, 116.66876761696767, 122.6789143406786], np.float32)[:, None, None]
    expected = logits(made, picture(), mean, caffenet=True)
    np.testing.assert_allclose(answer(found), expected, rtol=1e-3, atol=1e-3)
    assert found.data["converted from"] == "Caffe (CaffeNet)"
    assert np.abs(expected - logits(made, picture(), mean, caffenet=False)).max() > 0.1


SMALL = {
    name: (np.zeros((2,) + (1,) * (len(shape) - 1), np.float32), np.zeros(2, np.float32))
    for name, shape in SHAPES.items()
}


def read(path: Path, content: bytes, network: str | None = None) -> Any:
    path.write_bytes(content)
    with opened(path) as source:
        return caffe.from_caffemodel(source, network)


@pytest.mark.parametrize("generation", ["new", "v1", "v0"])
@pytest.mark.parametrize("legacy", [True, False])
def test_each_generation_of_messages_holds_the_same_weights(
    tmp_path: Path, generation: str, legacy: bool
) -> None:
    source = np.random.default_rng(3)
    small = {
        name: (source.random(w.shape, np.float32), source.random(2, np.float32))
        for name, (w, _) in SMALL.items()
    }
    found = read(tmp_path / "net", caffemodel(small, CAFFE, generation=generation, legacy=legacy))
    for name, (weight, bias) in small.items():
        np.testing.assert_array_equal(found.weights[f"{name}.weight"].numpy(), weight)
        np.testing.assert_array_equal(found.weights[f"{name}.bias"].numpy(), bias)


def test_the_colours_of_conv1_are_reversed(tmp_path: Path) -> None:
    weight = np.arange(6, dtype=np.float32).reshape(2, 3, 1, 1)
    found = read(tmp_path / "net", caffemodel({**SMALL, "conv1": (weight, np.zeros(2, np.float32))}, CAFFE))
    assert found.weights["conv1.weight"].flatten().tolist() == [2, 1, 0, 5, 4, 3]


def test_numbers_in_double_precision_and_one_by_one_are_read(tmp_path: Path) -> None:
    values = np.array([[1.5, -2.5, 3.25]], np.float32)
    one_by_one = field(7, field(1, b"\x01\x03")) + b"".join(b"\x2d" + struct.pack("<f", v) for v in values[0])
    for content in (blob(values, legacy=False, double=True), one_by_one):
        (tmp_path / "net").write_bytes(
            caffemodel({**SMALL}, CAFFE[:-1]) + layer("fc8", [content] * 2, generation="new")
        )
        with opened(tmp_path / "net") as source:
            assert caffe.from_caffemodel(source).weights["fc8.weight"].tolist() == values.tolist()


def test_a_fine_tuned_last_layer_may_have_another_name(tmp_path: Path) -> None:
    names = (*CAFFE[:-1], "fc8_flickr")
    found = read(tmp_path / "net", caffemodel({**SMALL, "fc8_flickr": SMALL["fc8"]}, names))
    assert found.architecture.classes == 2


def test_a_file_of_weights_alone_needs_to_be_told_its_order(tmp_path: Path) -> None:
    alone = caffemodel(SMALL, tuple(SHAPES))
    with pytest.raises(CheckpointError, match="pass --network caffe"):
        read(tmp_path / "net", alone)
    assert read(tmp_path / "net", alone, "caffenet").architecture.kind == "caffenet"
    assert read(tmp_path / "net", field(1, "CaffeNet") + alone[9:]).architecture.kind == "caffenet"


def test_a_mean_picture_becomes_red_green_blue(tmp_path: Path) -> None:
    mean = np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2)
    (tmp_path / "mean").write_bytes(blob(mean, legacy=True))
    with opened(tmp_path / "mean") as source:
        np.testing.assert_array_equal(caffe.mean_of(source).numpy(), mean[0, ::-1])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(caffemodel(SMALL, (*CAFFE, "fc9"))[:-1], "promises", id="cut off"),
        pytest.param(
            field(1, "Net") + varint(100 << 3 | 2) + varint(2**40),
            "promises 1,099,511,627,776 bytes",
            id="size",
        ),
        pytest.param(b"\x0a\x03Net" + b"\xff" * 12, "more than ten bytes", id="an endless number"),
        pytest.param(b"\x0a\x03Net\x0b", "no file of Protocol Buffers", id="a group"),
        pytest.param(b"\x0a\x03Net", "no layer in it has any", id="no layers"),
        pytest.param(b"\x0a\x03Net\xa0\x06\x05", "of another kind", id="a layer that is a number"),
        pytest.param(caffemodel({"vgg": SMALL["fc8"]}, ("vgg",)), "has a layer 'vgg'", id="another network"),
        pytest.param(caffemodel(SMALL, (*CAFFE, "conv1")), "has a layer 'conv1'", id="a layer twice"),
        pytest.param(
            layer("conv1", [field(7, field(1, varint(10**12))) + field(5, b"\0" * 8)] * 2, generation="new"),
            r"a shape of \(1000000000000,\) does not hold 2 numbers",
            id="a shape that is not there",
        ),
        pytest.param(
            layer("conv1", [field(7, field(1, b"\x01")) + field(5, b"\0" * 7)] * 2, generation="new"),
            "3 bytes are left over",
            id="half a number",
        ),
        pytest.param(
            layer("conv1", [field(7, field(1, b"\x01" * 200_000)) + field(5, b"")] * 2, generation="new"),
            "lists more than 100,000 numbers",
            id="an endless shape",
        ),
        pytest.param(b"\x08\x01" * 200_000, "more than 100,000 fields", id="endless fields"),
    ],
)
def test_damaged_and_lying_files_are_refused_in_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(CheckpointError, match=reason) as caught:
        read(tmp_path / "bad.caffemodel", content)
    assert str(tmp_path / "bad.caffemodel") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_order_of_the_layers_tells_bvlc_alexnet_from_caffenet(tmp_path: Path) -> None:
    for names, kind in ((CAFFE, "caffe"), (CAFFENET, "caffenet")):
        assert read(tmp_path / "net", caffemodel(SMALL, names)).architecture.kind == kind


def number(field_number: int, value: float) -> bytes:
    return varint(field_number << 3 | 5) + struct.pack("<f", value)


CONV2 = integer(1, 256) + integer(3, 2) + integer(4, 5) + integer(5, 2)
NORM1 = integer(1, 5) + number(2, 1e-4) + number(3, 0.75)


def test_the_settings_of_layers_are_those_of_caffes_networks(tmp_path: Path) -> None:
    """In a file they stand beside the weights: LayerParameter 106, 118, 121, V1LayerParameter 10, 18, 19."""
    pool = integer(2, 3) + integer(3, 2)
    for conv, norm, pooling, outer, name in ((106, 118, 121, 100, 1), (10, 18, 19, 2, 4)):
        stated = [("conv2", conv, CONV2), ("norm1", norm, NORM1), ("pool1", pooling, pool)]
        content = b"".join(field(outer, field(name, layer) + field(of, what)) for layer, of, what in stated)
        read(tmp_path / "net", caffemodel(SMALL, CAFFE) + content)


@pytest.mark.parametrize(
    ("layer_name", "of", "what", "reason"),
    [
        ("conv2", 106, CONV2 + integer(5, 1), "its conv2 are 1, 2, 1, and 1, 2, 2 are expected"),
        ("conv2", 106, CONV2 + integer(6, 2), "its conv2 are 2, 2, 2"),
        ("norm1", 118, NORM1 + number(2, 5e-5), "its norm1 are 5, 5e-05, 0.75, 1, 0"),
        ("norm1", 118, NORM1 + integer(4, 1), "its norm1 are 5, 0.0001, 0.75, 1, 1"),
        ("pool1", 121, integer(1, 1) + integer(2, 3) + integer(3, 2), "its pool1 are 1, 3, 2"),
    ],
)
def test_layers_with_other_settings_are_refused(
    tmp_path: Path, layer_name: str, of: int, what: bytes, reason: str
) -> None:
    other = field(100, field(1, layer_name) + field(of, what))
    with pytest.raises(CheckpointError, match=reason):
        read(tmp_path / "net", caffemodel(SMALL, CAFFE) + other)


def test_a_network_of_another_shape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(caffemodel(SMALL, CAFFE))
    with pytest.raises(
        CheckpointError, match=r"conv1.weight is \(2, 1, 1, 1\) there and \(96, 3, 11, 11\) here"
    ):
        conversion.read(tmp_path / "net")


def test_a_cut_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    content = caffemodel(SMALL, CAFFE, generation="v1", legacy=True)
    for end in range(1, len(content), 3):
        with pytest.raises(CheckpointError):
            read(tmp_path / "net", content[:end])
