"""Checkpoints of the program of 2012: written by the test's own writer, answered by NumPy in the program's terms."""

import gzip
import io
import itertools
import os
import pickle
import struct
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from alexnet import checkpoint
from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError, ExportError
from alexnet.interchange import conversion
from alexnet.networks.catalogue import architecture, build
from alexnet.networks.network import Network

Array = NDArray[Any]
SIDE, CLASSES = 14, 5
SOURCE = np.random.default_rng(12)


class Options:
    """Stands for an old-style instance of the program's class options.OptionsParser."""


_PICKLER: Any = vars(pickle)["_Pickler"]  # the one in Python, whose methods can be replaced


class Python2(_PICKLER):  # type: ignore[misc]  # its class is not in the stubs
    """Writes pickles as Python 2 did with the NumPy of 2012."""

    dispatch: ClassVar[dict[Any, Any]] = dict(_PICKLER.dispatch)

    def save_text(self, value: str | bytes) -> None:
        content = value.encode("latin-1") if isinstance(value, str) else value
        self.write(b"T" + struct.pack("<i", len(content)) + content)
        self.memoize(value)

    def save_options(self, value: Options) -> None:
        self.write(b"(coptions\nOptionsParser\no")
        self.memoize(value)
        self.save({"options": {"mini": 128}})
        self.write(b"b")

    def save_global(self, value: Any, name: str | None = None) -> None:
        module = value.__module__.replace("numpy._core", "numpy.core")
        if value is OrderedDict:
            module = "ordereddict"
        self.write(f"c{module}\n{name or value.__qualname__}\n".encode())
        self.memoize(value)

    dispatch |= {str: save_text, bytes: save_text, Options: save_options}
    dispatch |= {type: save_global, type(pickle.dumps): save_global}


def dumps(value: object, protocol: int = 2) -> bytes:
    file = io.BytesIO()
    Python2(file, protocol).dump(value)
    return file.getvalue()


def drawn(*shape: int) -> Array:
    return (SOURCE.standard_normal(shape) * 0.3).astype(np.float32)


# The layer table of a network of two columns, as the program kept it. Padding is negative, filters are the total
# of all groups, the scale of a normalisation is divided by its window.


def windows(
    kind: str, name: str, inputs: list[str], channels: list[int], image: int, **more: Any
) -> dict[str, Any]:
    size, stride, padding, filters = (
        more["size"],
        more.get("stride", 1),
        more.get("padding", 0),
        more["filters"],
    )
    count = len(inputs)
    side = 1 + -(-(image + 2 * padding - size) // stride)
    rows = side * side if kind == "local" else 1
    groups = more.get("groups", 1)
    unshared = kind == "local" or not more.get("shared", True)
    return {
        "name": name,
        "type": kind,
        "inputs": inputs,
        "channels": channels,
        "filters": [filters] * count,
        "filterSize": [size] * count,
        "stride": [stride] * count,
        "padding": [-padding] * count,
        "groups": [groups] * count,
        "imgSize": [image] * count,
        "randSparse": [False] * count,
        "filterChannels": [c // groups for c in channels],
        "sharedBiases": more.get("shared", True),
        "partialSum": 1,
        "initW": [0.01] * count,
        "initB": 0.0,
        "weightSource": [""] * count,
        "modulesX": side,
        "modules": side * side,
        "epsW": [0.001] * count,
        "schedW": {"type": "default"},
        "weights": [drawn(rows * c // groups * size * size, filters) for c in channels],
        "weightsInc": [drawn(rows * c // groups * size * size, filters) for c in channels],
        "biases": drawn(filters * side * side if unshared else filters, 1),
        "biasesInc": drawn(filters * side * side if unshared else filters, 1),
    }


def neuron(name: str, inputs: str, kind: str = "relu", **numbers: float) -> dict[str, Any]:
    return {
        "name": f"{name}_neuron",
        "type": "neuron",
        "inputs": [inputs],
        "src_layer": inputs,
        "neuron": {"type": kind, "params": numbers, "usesActs": True},
    }


def connected(name: str, inputs: list[str], values: list[int], units: int) -> dict[str, Any]:
    return {
        "name": name,
        "type": "fc",
        "inputs": inputs,
        "numInputs": values,
        "outputs": units,
        "initW": [0.01] * len(inputs),
        "initB": 0,
        "weightSource": [""] * len(inputs),
        "weights": [np.asfortranarray(drawn(count, units)) for count in values],
        "weightsInc": [np.asfortranarray(drawn(count, units)) for count in values],
        "biases": drawn(1, units),
        "biasesInc": drawn(1, units),
    }


def norm(kind: str, name: str, inputs: str, channels: int, size: int, scale: float) -> dict[str, Any]:
    divided = scale / (size if kind == "cmrnorm" else size * size)
    return {
        "name": name,
        "type": kind,
        "inputs": [inputs],
        "channels": channels,
        "size": size,
        "scale": divided,
        "pow": 0.75,
        "blocked": False,
        **({"minDiv": 2.0} if kind == "cmrnorm" else {}),
    }


def table() -> OrderedDict[str, dict[str, Any]]:
    layers: list[dict[str, Any]] = [
        {"name": "data", "type": "data", "dataIdx": 0, "inputs": [], "outputs": 3 * SIDE * SIDE},
        {"name": "labels", "type": "data", "dataIdx": 1, "inputs": [], "outputs": 1},
    ]
    for c in "ab":
        layers += [
            windows(
                "conv", f"conv1{c}", ["data"], [3], SIDE, size=5, stride=2, filters=16
            ),  # 6, hangs over by 1
            norm("cmrnorm", f"rnorm1{c}", f"conv1{c}", 16, 5, 0.5),
            {
                "name": f"pool1{c}",
                "type": "pool",
                "inputs": [f"rnorm1{c}"],
                "pool": "max",
                "sizeX": 3,
                "stride": 2,
            }
            | {"start": 0, "channels": 16, "outputsX": 3, "imgSize": 6},
            neuron(f"pool1{c}", f"pool1{c}"),
            windows("conv", f"conv2{c}", [f"pool1{c}_neuron"], [16], 3, size=3, padding=1, filters=16),
            neuron(f"conv2{c}", f"conv2{c}", "tanh", a=1.5, b=0.5),
            norm("rnorm", f"cnorm2{c}", f"conv2{c}_neuron", 16, 3, 0.9),
        ]
    both = ["cnorm2a", "cnorm2b"]
    layers += [
        windows("conv", "conv3a", both, [16, 16], 3, size=3, padding=1, filters=16, shared=False),
        windows("conv", "conv3b", both[::-1], [16, 16], 3, size=3, padding=1, filters=16, shared=False),
        windows("local", "local4", ["conv3a", "conv3b"], [16, 16], 3, size=2, filters=16, groups=2),
        neuron("local4", "local4"),
    ]
    for c in "ab":
        layers += [
            connected(f"fc5{c}", ["local4_neuron"], [16 * 4], 6),
            {"name": f"drop5{c}", "type": "hs", "inputs": [f"fc5{c}"], "keep": 0.5, "enable": True},
        ]
    layers += [
        connected("fc6", ["drop5b", "drop5a"], [6, 6], CLASSES),
        {"name": "probs", "type": "softmax", "inputs": ["fc6"], "outputs": CLASSES},
        {
            "name": "logprob",
            "type": "cost.logreg",
            "inputs": ["labels", "probs"],
            "coeff": 1.0,
            "topk": 1,
            "gpu": 0,
        },
    ]
    entries = OrderedDict((layer["name"], layer) for layer in layers)
    for layer in layers:
        layer["inputLayers"] = [entries[name] for name in layer["inputs"]]
    return entries


def state(layers: Any) -> dict[str, Any]:
    outputs = [({"logprob": [12.5, 3.0]}, 128)]
    model = {
        "epoch": 91,
        "batchnum": 1200,
        "train_outputs": outputs,
        "test_outputs": outputs,
        "layers": layers,
    }
    return {"model_state": model, "op": Options()}


# The answer in the program's own terms: matrices as they are in the file.


def patches(x: Array, layer: dict[str, Any], i: int) -> list[Array]:
    """Cut the windows of an input, flattened channel, row, column; outside is zero."""
    size, stride, padding = layer["filterSize"][i], layer["stride"][i], -layer["padding"][i]
    side, cut = layer["modulesX"], []
    for row, column in itertools.product(range(side), range(side)):
        window = np.zeros((x.shape[0], size, size), np.float32)
        for r, c in itertools.product(range(size), range(size)):
            y, z = row * stride - padding + r, column * stride - padding + c
            if 0 <= y < x.shape[1] and 0 <= z < x.shape[2]:
                window[:, r, c] = x[:, y, z]
        cut.append(window)
    return cut


def filtered(inputs: list[Array], layer: dict[str, Any]) -> Array:
    side, filters, groups = layer["modulesX"], layer["filters"][0], layer["groups"][0]
    y = np.zeros((filters, side * side), np.float32)
    for i, x in enumerate(inputs):
        for place, window in enumerate(patches(x, layer, i)):
            matrix = layer["weights"][i]
            if layer["type"] == "local":
                matrix = matrix.reshape(side * side, -1, filters)[place]
            for g in range(groups):
                seen = window[g * len(window) // groups : (g + 1) * len(window) // groups].ravel()
                mine = slice(g * filters // groups, (g + 1) * filters // groups)
                y[mine, place] += seen @ matrix[:, mine]
    return np.asarray(y + layer["biases"].reshape(filters, -1)).reshape(filters, side, side)


def normalised(x: Array, layer: dict[str, Any]) -> Array:
    size, y = layer["size"], np.empty_like(x)
    across = layer["type"] == "cmrnorm"
    for c, i, j in np.ndindex(x.shape):
        if across:
            seen = x[max(0, c - size // 2) : c - size // 2 + size, i, j]
        else:
            seen = x[
                c, max(0, i - size // 2) : i - size // 2 + size, max(0, j - size // 2) : j - size // 2 + size
            ]
        y[c, i, j] = (
            x[c, i, j] * (layer.get("minDiv", 1.0) + layer["scale"] * (seen**2).sum()) ** -layer["pow"]
        )
    return y


def pooled(x: Array, layer: dict[str, Any]) -> Array:
    size, stride, side = layer["sizeX"], layer["stride"], layer["outputsX"]
    y = np.empty((len(x), side, side), np.float32)
    for i, j in itertools.product(range(side), range(side)):
        y[:, i, j] = x[:, i * stride : i * stride + size, j * stride : j * stride + size].max((1, 2))
    return y


def answer(layers: OrderedDict[str, dict[str, Any]], picture: Array) -> Array:
    values: dict[str, Array] = {"data": picture}
    for name, layer in layers.items():
        x = [values[one] for one in layer["inputs"] if one in values]
        match layer["type"]:
            case "conv" | "local":
                values[name] = filtered(x, layer)
            case "cmrnorm" | "rnorm":
                values[name] = normalised(x[0], layer)
            case "pool":
                values[name] = pooled(x[0], layer)
            case "neuron" if layer["neuron"]["type"] == "relu":
                values[name] = np.maximum(x[0], 0)
            case "neuron":
                a, b = layer["neuron"]["params"]["a"], layer["neuron"]["params"]["b"]
                values[name] = a * np.tanh(b * x[0])
            case "hs":
                values[name] = layer["keep"] * x[0]
            case "fc":
                products = zip(x, layer["weights"], strict=True)
                values[name] = sum(one.ravel() @ matrix for one, matrix in products) + layer["biases"][0]
    return np.asarray(values["fc6"])


PICTURE = SOURCE.integers(0, 256, (3, SIDE, SIDE)).astype(np.float32) / 64
LAYERS = table()
EXPECTED = answer(LAYERS, PICTURE)


def logits(found: Checkpoint) -> Array:
    with torch.no_grad():
        return np.asarray(found.network()(torch.from_numpy(PICTURE)[None])[0].numpy())


def zipped(content: bytes, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data", content)


@pytest.mark.parametrize("form", ["dictionary", "list", "list of places"])
@pytest.mark.parametrize("packed", ["plain", "gzip", "zip", "directory"])
def test_a_checkpoint_gives_the_logits_of_numpy(tmp_path: Path, form: str, packed: str) -> None:
    layers: Any = LAYERS
    if form != "dictionary":
        layers = list(LAYERS.values())
    if form == "list of places":  # cuda-convnet 1
        order = list(LAYERS)
        layers = [layer | {"inputs": [order.index(one) for one in layer["inputs"]]} for layer in layers]
        layers = [{key: value for key, value in layer.items() if key != "inputLayers"} for layer in layers]
    content, path = dumps(state(layers)), tmp_path / "91.1200"
    match packed:
        case "plain":
            path.write_bytes(content)
        case "gzip":
            path.write_bytes(gzip.compress(content))
        case "zip":
            zipped(content, path)
        case "directory":
            path = tmp_path / "ConvNet__2012-09-30_12.00.00"
            path.mkdir()
            (path / "91.200").write_bytes(b"an older one")
            (path / "9.1300").write_bytes(b"an older one")
            (path / "91.1200").write_bytes(content)
    found = conversion.read(path)
    np.testing.assert_allclose(logits(found), EXPECTED, rtol=1e-4, atol=1e-5)
    assert "pass its batches.meta as --mean" in found.data["notes"][0]


def test_columns_are_merged_where_they_are_equal(tmp_path: Path) -> None:
    (tmp_path / "1.1").write_bytes(dumps(state(LAYERS)))
    names = [stage.name for stage in conversion.read(tmp_path / "1.1").network().stages]
    assert {"conv1", "rnorm1", "conv2", "local4", "fc5"} <= set(names)
    assert "conv1a" not in names


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_each_protocol_of_python_2_is_read(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "1.1").write_bytes(dumps(state(LAYERS), protocol))
    np.testing.assert_allclose(logits(conversion.read(tmp_path / "1.1")), EXPECTED, rtol=1e-4, atol=1e-5)


def test_classes_and_mean_come_from_batches_meta(tmp_path: Path) -> None:
    (tmp_path / "1.1").write_bytes(dumps(state(LAYERS)))
    mean = SOURCE.uniform(0, 2, (3, SIDE + 2, SIDE + 2)).astype(np.float32)
    names = ["airplane", "bird", "cat", "deer", "frog"]
    meta = {"data_mean": mean.reshape(-1, 1), "label_names": names, "num_vis": mean.size}
    (tmp_path / "batches.meta").write_bytes(dumps(meta))
    from alexnet.interchange.classes import read_classes

    classes = read_classes(tmp_path / "batches.meta")
    found = conversion.read(tmp_path / "1.1", mean=str(tmp_path / "batches.meta"), classes=classes)
    assert found.classes == tuple(names)
    centre = mean[:, 1:-1, 1:-1]
    np.testing.assert_allclose(logits(found), answer(LAYERS, PICTURE - centre), rtol=1e-4, atol=1e-5)


def test_weights_written_and_read_again_are_the_same_to_the_last_bit(tmp_path: Path) -> None:
    (tmp_path / "1.1").write_bytes(dumps(state(LAYERS)))
    first = conversion.read(tmp_path / "1.1")
    conversion.write(first, tmp_path / "2.1", "original")
    again = conversion.read(tmp_path / "2.1")
    assert again.weights.keys() == first.weights.keys()
    assert all(torch.equal(again.weights[name], value) for name, value in first.weights.items())
    assert again.classes == first.classes


def test_the_file_written_holds_the_matrices_that_were_read(tmp_path: Path) -> None:
    """The standard library reads it, as Python 2 would, and finds the layers of the program by name."""
    (tmp_path / "1.1").write_bytes(dumps(state(LAYERS)))
    conversion.write(conversion.read(tmp_path / "1.1"), tmp_path / "2.1", "original")
    found = pickle.loads((tmp_path / "2.1").read_bytes(), encoding="latin1")["model_state"]["layers"]
    for name, layer in LAYERS.items():
        assert found[name]["type"] == layer["type"]
        assert found[name]["inputs"] == layer["inputs"]
        for one, other in zip(found[name].get("weights", ()), layer.get("weights", ()), strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.flags.f_contiguous == other.flags.f_contiguous
        for key in (
            "biases",
            "padding",
            "filters",
            "filterChannels",
            "modulesX",
            "scale",
            "minDiv",
            "outputsX",
        ):
            if key in layer:
                np.testing.assert_allclose(found[name][key], layer[key], rtol=1e-12)
    assert found["conv3b"]["inputLayers"][0] is found["cnorm2b"]


SPARSE = [0, 3, 1, 2, 2, 1, 3, 0]


def small(**changes: Any) -> dict[str, Any]:
    """Return a checkpoint of one convolution and one fully-connected layer, and no cost."""
    conv = windows("conv", "conv1", ["data"], [3], 4, size=2, filters=16) | changes
    return state(
        [
            {"name": "data", "type": "data", "dataIdx": 0, "inputs": []},
            conv,
            neuron("conv1", "conv1"),
            connected("fc", ["conv1_neuron"], [16 * 9], 3),
        ]
    )


def read(path: Path, value: object) -> Checkpoint:
    path.write_bytes(dumps(value))
    return conversion.read(path)


def test_a_table_without_costs_answers_with_the_layer_that_nothing_reads(tmp_path: Path) -> None:
    found = read(tmp_path / "1.1", small())
    assert found.network().output == "fc"


def test_randomly_connected_filters_keep_their_connections(tmp_path: Path) -> None:
    layers = small()["model_state"]["layers"]
    sparse = windows("conv", "conv2", ["conv1_neuron"], [16], 3, size=1, filters=32, groups=2)
    connections = list(range(15, -1, -1))
    sparse |= {"randSparse": [True], "filterChannels": [8], "filterConns": [connections]}
    layers = [*layers[:3], sparse, connected("fc", ["conv2"], [32 * 9], 3)]
    network = read(tmp_path / "1.1", state(layers)).network()
    x = torch.rand(1, 3, 4, 4)
    with torch.no_grad():
        seen = network.activations(x, "conv1_neuron", "conv2")
    first = sparse["weights"][0][:, :16].T @ seen["conv1_neuron"][0, connections[:8]].flatten(1).numpy()
    np.testing.assert_allclose(
        seen["conv2"][0, :16].flatten(1).numpy(), first + sparse["biases"][:16], rtol=1e-4, atol=1e-5
    )


def test_shared_matrices_are_shared(tmp_path: Path) -> None:
    layers = small()["model_state"]["layers"]
    twin = windows("conv", "other", ["data"], [3], 4, size=2, filters=16)
    twin |= {"weightSource": ["conv1"], "weights": layers[1]["weights"]}
    layers = [*layers[:3], twin, connected("fc", ["conv1_neuron", "other"], [144, 144], 3)]
    network = read(tmp_path / "1.1", state(layers)).network()
    seen = network.activations(torch.rand(1, 3, 4, 4), "conv1", "other")
    difference = torch.from_numpy(twin["biases"] - layers[1]["biases"])[None, :, :, None]
    torch.testing.assert_close(seen["other"] - difference, seen["conv1"], rtol=1e-4, atol=1e-5)


class Attack:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


def test_a_checkpoint_that_names_a_command_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"1\.1 is not read: it names 'posix.system'.*nothing was run"):
        read(tmp_path / "1.1", small() | {"op": Attack(tmp_path / "ran")})
    assert not (tmp_path / "ran").exists()


def test_bombs_are_refused(tmp_path: Path) -> None:
    content = b"\x80\x02T" + (100 * 2**20).to_bytes(4, "little") + bytes(100 * 2**20) + b"."
    (tmp_path / "1.1").write_bytes(gzip.compress(content, 1))
    zipped(content, tmp_path / "1.2")
    for path in (tmp_path / "1.1", tmp_path / "1.2"):
        with pytest.raises(CheckpointError, match="would become more than 67,108,864"):
            conversion.read(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"weights": [drawn(12, 15)]}, "conv1.weight needs 16x3x2x2 numbers, and there is 12x15"),
        ({"weights": ["text"]}, "conv1.weight needs .* no array"),
        ({"weights": []}, "no weights for the layer 'conv1'"),
        ({"weights": [np.full((12, 16), np.nan, np.float32)]}, "conv1.weight is not finite"),
        ({"biases": drawn(17, 1)}, "conv1.bias needs 16 numbers"),
        ({"filters": [10**9]}, "a whole number|conv1.weight needs"),
        ({"filterSize": [10**6]}, "does not fit"),
        ({"stride": [0]}, "at least 1"),
        ({"imgSize": ["224"]}, "not a number"),
        ({"imgSize": [10**9]}, "cannot be built"),
        ({"type": "conv\ninputs=labels"}, "neither a number nor a name"),
        ({"type": "lstm"}, "not known: 'lstm'"),
        ({"inputs": ["nowhere"]}, "reads a layer that is not there"),
        ({"groups": [10**9], "randSparse": [True]}, "does not say which channels"),
        ({"name": 3}, "no name or type of its own"),
    ],
)
def test_tables_that_lie_are_refused_in_one_line(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(CheckpointError, match=reason) as caught:
        read(tmp_path / "1.1", small(**change))
    assert "\n" not in str(caught.value)
    assert "1.1" in str(caught.value)


@pytest.mark.parametrize(
    "value", [None, [], {}, {"model_state": 3}, {"model_state": {"layers": []}}, [[[]]] * 9]
)
def test_other_pickles_are_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(CheckpointError, match="holds no layers"):
        read(tmp_path / "1.1", value)


# Any network of this package, in the original format.


def check_round_trip(network: Network, tmp_path: Path) -> None:
    """Write a network and read it again: as a definition it gives the same answers."""
    side, classes = network.architecture.side, network.architecture.classes
    names = tuple(f"clässe {k}\udce9" for k in range(classes))  # as folders that are not UTF-8
    mean = torch.rand(3, side, side) * 255
    network.set_mean(mean)
    before = Checkpoint(network.architecture, network.state_dict(), names, names)
    conversion.write(before, tmp_path / "1.1", "original")
    after = conversion.read(tmp_path / "1.1")
    images = torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8)
    with torch.no_grad():
        torch.testing.assert_close(after.network()(images), network.eval()(images), rtol=1e-4, atol=1e-4)
    assert after.classes == names
    torch.testing.assert_close(after.weights["mean"], mean, rtol=0, atol=0)


@pytest.mark.parametrize("name", ["cifar-18pct", "cifar-80sec", "cifar-conv-local-13pct", "figure-1"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_small_networks_survive_the_original_format(tmp_path: Path, name: str, activation: str) -> None:
    check_round_trip(build(name, activation=activation), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["alexnet", "as-trained", "six-layer", "one-weird-trick", "caffe", "caffenet"]
)
def test_large_networks_survive_the_original_format(tmp_path: Path, name: str) -> None:
    check_round_trip(build(name, classes=10), tmp_path)


def test_a_network_that_the_program_has_no_layers_for_is_not_written(tmp_path: Path) -> None:
    with torch.device("meta"):
        network = Network(architecture("torchvision", classes=3))
    found = Checkpoint(network.architecture, network.state_dict(), ("a", "b", "c"), ("a", "b", "c"))
    with pytest.raises(ExportError, match=r"no layer for scale \(Scale\)"):
        conversion.write(found, tmp_path / "1.1", "original")
    assert not (tmp_path / "1.1").exists()


def test_a_converted_checkpoint_is_saved_and_loaded_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "1.1").write_bytes(dumps(state(LAYERS)))
    conversion.write(conversion.read(tmp_path / "1.1"), tmp_path / "net.safetensors", "checkpoint")
    found = checkpoint.load(tmp_path / "net.safetensors")
    np.testing.assert_allclose(logits(found), EXPECTED, rtol=1e-4, atol=1e-5)
    assert found.data["converted from"] == "the program of 2012"
    assert logits(conversion.read(tmp_path / "net.safetensors")).tolist() == logits(found).tolist()


@pytest.mark.slow
def test_the_network_of_the_paper_survives_as_the_program_kept_it(tmp_path: Path) -> None:
    """layers-145.cfg with its columns: the file holds them apart, and gives the merged weights back."""
    chosen = os.environ.get("ALEXNET_TEST_NETWORKS")
    folder = Path(chosen) if chosen else Path(__file__).parents[3] / "shared" / "networks"
    if not folder.is_dir():
        pytest.skip("the published files are neither at ALEXNET_TEST_NETWORKS nor in ../shared/networks")
    with warnings.catch_warnings(action="ignore"):  # what is read with tolerance is not in question here
        network = build(str(folder / "layers-145.cfg"), seed=4)
    names = tuple(str(k) for k in range(1000))
    before = Checkpoint(network.architecture, network.state_dict(), names, names)
    conversion.write(before, tmp_path / "91.1200", "original")
    layers = pickle.loads((tmp_path / "91.1200").read_bytes(), encoding="latin1")["model_state"]["layers"]
    assert layers["fc2048bb"]["inputs"] == ["hs1b", "hs1a"]  # the order that its file says
    assert layers["conv2a"]["weights"][0].shape == (48 * 5 * 5, 128)
    assert sum(w.size for layer in layers.values() for w in layer.get("weights", ())) == 60_954_656
    after = conversion.read(tmp_path / "91.1200")
    assert all(torch.equal(after.weights[name], value) for name, value in before.weights.items())
