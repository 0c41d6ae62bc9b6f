"""The networks as models of timm: they answer as ours do.

timm imports torchvision, whose ordinary wheels are built for CUDA. Beside a torch for the processor their compiled part
does not load: two operators, which no network here uses, are then declared without their kernels.
"""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

if not all(map(importlib.util.find_spec, ("timm", "torchvision"))):
    pytest.skip("timm and torchvision are not installed", allow_module_level=True)

import alexnet
from alexnet.errors import RecipeError
from alexnet.networks.catalogue import architecture
from alexnet.networks.network import Network
from alexnet.sharing.folder import save_pretrained
from alexnet.sharing.timm_names import NAMES
from alexnet.weights.loading import load

_PICTURES = ((64, 64), (256, 256), (80, 64), (300, 200))
"""Widths and heights whose longer side is scaled to whole pixels: of others timm leaves a fraction of one out."""


@pytest.fixture(scope="module")
def timm() -> Any:
    """timm, with our networks registered."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError:  # operator torchvision::nms does not exist
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    importlib.import_module("alexnet.timm")
    return importlib.import_module("timm")


def test_a_folder_answers_in_timm_as_it_does_here(timm: Any, tmp_path: Path) -> None:
    """timm's own preparation of pictures, and its own loading of weights."""
    folder = save_pretrained("small", tmp_path / "small")
    model, ours = timm.create_model(f"local-dir:{folder}", pretrained=True).eval(), load(folder)
    prepare = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
    random = np.random.default_rng(0)
    for size in _PICTURES:
        coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        picture = coarse.resize(size, Image.Resampling.BICUBIC)
        with torch.no_grad():
            theirs = model(prepare(picture)[None]).softmax(1)
        torch.testing.assert_close(theirs, ours.probabilities(picture), atol=1e-5, rtol=0)
    assert tuple(model.pretrained_cfg["label_names"]) == ours.classes


@pytest.mark.parametrize("name", ["alexnet_2012", "alexnet_2012_as_trained", "alexnet_2012_one_column"])
def test_the_three_of_2012_are_ours_to_the_bit(timm: Any, name: str) -> None:
    kind, fixed = NAMES[name]
    ours = Network(architecture(kind, classes=5, **fixed), seed=3).eval()
    model = timm.create_model(name, num_classes=5).eval()
    model.network.load_state_dict(ours.state_dict())
    pixels = torch.randint(0, 256, (1, 3, 224, 224)).float()
    with torch.no_grad():
        logits, maps = model(pixels), model.forward_features(pixels)
        assert torch.equal(logits, ours(pixels))
        assert maps.shape == (1, model.num_features, 6, 6)
        torch.testing.assert_close(model.forward_head(maps), logits)
        assert model.forward_head(maps, pre_logits=True).shape == (1, model.head_hidden_size) == (1, 4096)
    assert sum(value.numel() for value in model.parameters()) == sum(
        value.numel() for value in ours.parameters()
    )


def test_every_network_of_the_catalogue_is_listed(timm: Any) -> None:
    assert set(timm.list_models("alexnet*")) == set(NAMES)


def test_a_new_last_layer_leaves_the_others_as_they_are(timm: Any) -> None:
    model = timm.create_model("alexnet_small", num_classes=7).eval()
    model.network.mean.fill_(100.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.reset_classifier(3)
    pixels = torch.rand(2, 3, 56, 56) * 255
    assert model(pixels).shape == (2, 3)
    assert model.get_classifier().weight.shape[0] == 3
    for name, value in model.state_dict().items():
        if not name.startswith("network.fc7"):
            assert torch.equal(value, before[name]), name
    model.reset_classifier(0)
    assert model(pixels).shape == (2, model.head_hidden_size)


def test_weights_go_on_to_other_classes_by_timms_own_rule(timm: Any, tmp_path: Path) -> None:
    folder = save_pretrained("small", tmp_path / "small")
    model = timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=4)
    name = "conv1.weight"
    assert torch.equal(model.network.state_dict()[name], load(folder).network.state_dict()[name])
    assert model(torch.zeros(2, 3, 56, 56)).shape == (2, 4)


def test_what_these_networks_do_not_have_is_said(timm: Any) -> None:
    with pytest.raises(RecipeError, match="in_chans=1"):
        timm.create_model("alexnet_2012", in_chans=1)
    with pytest.raises(RecipeError, match="see squares"):
        timm.create_model("alexnet_small", img_size=(56, 64))
    assert timm.create_model("alexnet_2012", num_classes=2, drop_rate=0.2).network.architecture.keep == 0.8
    assert alexnet.__version__
