"""torchvision's alexnet: the same answers here, the same weights back."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from alexnet.checkpoint import Checkpoint
from alexnet.errors import CheckpointError, ExportError
from alexnet.interchange import conversion, torchvision
from alexnet.networks.catalogue import build


class Theirs(nn.Module):
    """The layers of torchvision's alexnet, by its documentation, for `classes` classes."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(),
            nn.Linear(9216, 4096),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Linear(4096, classes),
        )

    def forward(self, pixels: Tensor) -> Tensor:
        mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
        x = self.features((pixels / 255 - mean) / deviation)
        return self.classifier(nn.functional.adaptive_avg_pool2d(x, 6).flatten(1))  # type: ignore[no-any-return]  # so in torch


@pytest.fixture(scope="module")
def theirs() -> Theirs:
    torch.manual_seed(11)
    return Theirs(classes=7).eval()


@pytest.fixture(scope="module")
def converted(theirs: Theirs, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    path = tmp_path_factory.mktemp("torchvision") / "alexnet.pth"
    torch.save(theirs.state_dict(), path)
    found = conversion.read(path)
    path.unlink()
    return found


def pictures() -> Tensor:
    return torch.randint(
        0, 256, (3, 3, 224, 224), generator=torch.Generator().manual_seed(2), dtype=torch.uint8
    )


def test_a_converted_network_gives_the_logits_of_torchvision(theirs: Theirs, converted: Checkpoint) -> None:
    with torch.no_grad():
        ours = converted.network()(pictures())
        torch.testing.assert_close(ours, theirs(pictures()), rtol=1e-4, atol=1e-5)


def test_the_weights_come_back_bit_for_bit(theirs: Theirs, converted: Checkpoint, tmp_path: Path) -> None:
    said = conversion.write(converted, tmp_path / "back.safetensors", "torchvision")
    back = load_file(tmp_path / "back.safetensors")
    assert list(back) == sorted(theirs.state_dict())
    assert all(torch.equal(back[name], value) for name, value in theirs.state_dict().items())
    assert (
        said
        == "torchvision's Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]) goes before it"
    )


def test_a_safetensors_state_dict_gives_the_same_network(
    theirs: Theirs, converted: Checkpoint, tmp_path: Path
) -> None:
    save_file(theirs.state_dict(), tmp_path / "alexnet.safetensors")
    found = conversion.read(tmp_path / "alexnet.safetensors")
    assert found.architecture == converted.architecture
    assert all(torch.equal(value, converted.weights[name]) for name, value in found.weights.items())


def test_the_file_for_torchvision_is_one_that_torch_loads(converted: Checkpoint, tmp_path: Path) -> None:
    conversion.write(converted, tmp_path / "back.pth", "torchvision")
    with torch.device("meta"):
        module = Theirs(classes=7)
    module.load_state_dict(torch.load(tmp_path / "back.pth", weights_only=True, mmap=True), assign=True)


def test_a_converted_network_says_where_it_came_from(converted: Checkpoint) -> None:
    assert converted.data["converted from"] == "torchvision"
    assert converted.data["class order"] == "unknown"  # seven classes, of which the file names none
    assert converted.classes == tuple(f"class {k}" for k in range(7))
    assert converted.data["side"] == 256  # pictures are squared to 256, as torchvision's are, before the crop


def weights(classes: int = 1000) -> dict[str, Tensor]:
    """Make a state dict without memory for its values."""
    with torch.device("meta"):
        return dict(Theirs(classes).state_dict())


def test_a_thousand_classes_are_those_of_the_challenge_sorted() -> None:
    found = torchvision.from_state_dict(weights(), "the file")
    assert (found.order, found.architecture.classes) == ("sorted", 1000)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"features.3.weight": torch.zeros(192, 64, 3, 3)}, r"conv2.weight is \(192, 64, 3, 3\) there and"),
        ({"classifier.6.weight": torch.zeros(10**9, 0)}, r"fc8.weight is \(1000000000, 0\) there"),
        ({"features.1.weight": torch.zeros(64)}, "it has no 'features.1.weight'"),
        ({"features.0.bias": None}, "conv1.bias is missing"),
    ],
)
def test_weights_of_another_shape_are_refused_before_anything_is_made(
    change: dict[str, Tensor | None], reason: str, tmp_path: Path
) -> None:
    state = {name: torch.zeros(1).expand(value.shape) for name, value in weights(7).items()} | change
    with pytest.raises(CheckpointError, match=reason):
        _checkpoint({name: value for name, value in state.items() if value is not None})


def test_weights_that_are_not_finite_are_refused_by_name() -> None:
    state = {name: torch.zeros(1).expand(value.shape) for name, value in weights(7).items()}
    state["features.10.bias"] = torch.full((256,), float("nan"))
    with pytest.raises(CheckpointError, match=r"the file is not converted: conv5.bias is not finite"):
        _checkpoint(state)


def _checkpoint(state: dict[str, Tensor]) -> Checkpoint:
    from alexnet.interchange.classes import supposed
    from alexnet.interchange.imported import to_checkpoint

    found = torchvision.from_state_dict(state, "the file")
    return to_checkpoint(found, "the file", supposed(7, "sorted"), None)


def test_a_network_that_torchvision_does_not_have_is_not_written() -> None:
    network = build("figure-1")
    found = Checkpoint(network.architecture, network.state_dict(), ("a",) * 10, ("a",) * 10)
    with pytest.raises(ExportError, match="other layers than figure-1"):
        torchvision.to_state_dict(found)


def test_a_mean_picture_of_more_than_one_colour_is_not_written() -> None:
    with torch.device("meta"):
        network = build("torchvision", classes=7)
    state = dict(network.state_dict())
    state["mean"] = torch.rand(3, 224, 224)
    found = Checkpoint(network.architecture, state, ("a",) * 7, ("a",) * 7)
    with pytest.raises(ExportError, match="subtracts a mean picture: --mean R,G,B"):
        torchvision.to_state_dict(found)
