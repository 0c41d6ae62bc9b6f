"""Attribution against differences, loops and laws, and where they are installed, against captum and torchcam."""

import pytest
import torch
from torch import Tensor

from alexnet.errors import RecipeError
from alexnet.inspection.attribution import (
    attribution,
    enlarged,
    grad_cam,
    gradient,
    integrated_gradients,
    last_maps,
    occlusion,
)
from alexnet.kernels.library import plain
from alexnet.networks.network import Network

CLASSES = torch.tensor([0, 3, 1])


def logits(network: Network, images: Tensor) -> Tensor:
    """Each picture's logit of its class, by the network itself."""
    with torch.no_grad():
        found: Tensor = network(images).gather(1, CLASSES[: len(images), None])[:, 0]
    return found


def test_the_gradient_is_what_a_small_step_of_a_pixel_changes(small: Network, images: Tensor) -> None:
    """Central differences in double precision, at some pixels drawn at random."""
    found = gradient(small, images, CLASSES)
    assert found.shape == images.shape
    double = Network(small.architecture).double().eval()
    double.load_state_dict(small.state_dict())
    generator = torch.Generator().manual_seed(3)
    for _ in range(12):
        n, c, y, x = (int(torch.randint(0, size, (), generator=generator)) for size in images.shape)
        ends = []
        for step in (1e-4, -1e-4):
            moved = images.double()
            moved[n, c, y, x] += step
            ends.append(logits(double, moved)[n])
        assert float(found[n, c, y, x]) == pytest.approx(float(ends[0] - ends[1]) / 2e-4, rel=1e-3, abs=1e-6)


def test_integrated_gradients_sum_to_the_difference_from_the_baseline(small: Network, images: Tensor) -> None:
    """Completeness (Sundararajan 2017, proposition 1), which no other weighting of the path keeps."""
    shares = integrated_gradients(small, images, CLASSES, steps=200)
    difference = logits(small, images) - logits(small, small.mean.expand(3, -1, -1, -1))
    torch.testing.assert_close(shares.sum((1, 2, 3)), difference, rtol=0.02, atol=0.02)
    assert (integrated_gradients(small, small.mean[None], CLASSES[:1]) == 0).all()


def test_occlusion_is_the_mean_fall_over_the_windows_that_cover_a_pixel(
    small: Network, images: Tensor
) -> None:
    size, stride = 5, 3
    found = occlusion(small, images, CLASSES, size=size, stride=stride)
    total, count = torch.zeros(3, 16, 16), torch.zeros(16, 16)
    before = logits(small, images)
    for top in (0, 3, 6, 9, 11):
        for left in (0, 3, 6, 9, 11):
            covered = images.float()
            covered[:, :, top : top + size, left : left + size] = 100.0
            total[:, top : top + size, left : left + size] += (before - logits(small, covered))[:, None, None]
            count[top : top + size, left : left + size] += 1
    torch.testing.assert_close(found, total / count, rtol=1e-3, atol=1e-4)


def test_grad_cam_is_the_rectified_sum_of_maps_by_their_mean_gradients(
    small: Network, images: Tensor
) -> None:
    """By a loop over maps."""
    pixels = images.float()
    with plain():
        values = small.activations(pixels, "conv3", small.output)
        values["conv3"].retain_grad()
        values[small.output].gather(1, CLASSES[:, None]).sum().backward()
    assert values["conv3"].grad is not None
    expected = torch.zeros(3, *values["conv3"].shape[2:])
    for channel in range(values["conv3"].shape[1]):
        weight = values["conv3"].grad[:, channel].mean((1, 2))
        expected += weight[:, None, None] * values["conv3"][:, channel].detach()
    small.zero_grad()
    assert last_maps(small) == "conv3"
    torch.testing.assert_close(grad_cam(small, images, CLASSES), expected.clamp(min=0), rtol=1e-4, atol=1e-6)
    assert enlarged(expected, 16).shape == (3, 16, 16)


def test_what_cannot_be_explained_is_refused(small: Network, images: Tensor) -> None:
    with pytest.raises(RecipeError, match="fc4 gives no maps; the last stage that does is conv3"):
        grad_cam(small, images, CLASSES, stage="fc4")
    with pytest.raises(RecipeError, match="`smooth` explains nothing; choices: gradient"):
        attribution(small, images[0], 0, "smooth")
    with pytest.raises(ValueError, match="17 pixels in steps of 8 does not fit a picture of 16"):
        occlusion(small, images, CLASSES, size=17)


@pytest.mark.filterwarnings("ignore")  # captum's own
def test_captum_finds_the_same(small: Network, images: Tensor) -> None:
    attr = pytest.importorskip("captum.attr", reason="captum is not installed")
    pixels, baseline = images.float(), small.mean[None]
    with plain():
        saliency = attr.Saliency(small).attribute(pixels.clone().requires_grad_(), target=CLASSES, abs=False)
        integrated = attr.IntegratedGradients(small).attribute(
            pixels, baseline, target=CLASSES, n_steps=50, method="gausslegendre"
        )
        occluded = attr.Occlusion(small).attribute(
            pixels, (3, 4, 4), strides=(3, 4, 4), target=CLASSES, baselines=baseline
        )
    torch.testing.assert_close(gradient(small, images, CLASSES), saliency, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(integrated_gradients(small, images, CLASSES), integrated, rtol=1e-4, atol=1e-4)
    ours = occlusion(small, images, CLASSES, size=4, stride=4)
    torch.testing.assert_close(ours, occluded[:, 0], rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore")  # torchcam's own
def test_torchcam_finds_the_same(small: Network, images: Tensor) -> None:
    methods = pytest.importorskip("torchcam.methods", reason="torchcam is not installed")
    with plain(), methods.GradCAM(small, target_layer=small.get_submodule("conv3")) as extractor:
        scores = small(images.float())
        (theirs,) = extractor(CLASSES.tolist(), scores, normalized=False)
    torch.testing.assert_close(grad_cam(small, images, CLASSES), theirs, rtol=1e-4, atol=1e-4)
