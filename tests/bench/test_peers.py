"""The peers compute what we compute: the same logits of the same weights, the same losses while they learn."""

import importlib
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet.bench.contestants import compiled
from alexnet.bench.machine import compiles, present
from alexnet.bench.plain import copy_weights, plain_network
from alexnet.bench.worker import Worker, environment
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.network import Network

PEERS = {"jax": ("jax",), "keras": ("keras", "tensorflow")}
RATE, DECAY = 1e-6, 5000.0  # with pixels and weights as they are here, each is a tenth of the loss


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a peer that is installed, its surroundings as in a worker."""
    name = str(request.param)
    for variable, value in environment(torch.get_num_threads()).items():
        monkeypatch.setenv(variable, value)
    for package in PEERS[name]:
        pytest.importorskip(package, reason="the extra bench is not installed")
    return name


@pytest.fixture
def program(peer: str) -> ModuleType:
    """Its network, as a module."""
    return importlib.import_module(f"alexnet.bench.{peer}_peer")


@pytest.fixture(scope="module")
def network() -> Network:
    """The printed network, with weights large enough for every layer to matter."""
    network, generator = Network(AlexNet()).eval(), torch.Generator().manual_seed(1)
    for value in network.parameters():
        deviation = (2 / value[0].numel()) ** 0.5 if value.dim() > 1 else 0.1
        value.data.normal_(0, deviation, generator=generator)
    return network


@pytest.fixture
def plain(network: Network) -> nn.Sequential:
    """The same in stock modules, without dropout."""
    plain = plain_network().eval()
    copy_weights(network, plain)
    return plain


@pytest.fixture(scope="module")
def images() -> Tensor:
    """Two pictures, bright enough for response normalisation to divide by three."""
    return torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(2)) * 255


@pytest.mark.filterwarnings("ignore")  # a peer's own, at its import
def test_a_peer_gives_the_same_logits(
    program: ModuleType, network: Network, plain: nn.Sequential, images: Tensor
) -> None:
    theirs = torch.from_numpy(np.array(program.inference(plain, images)()))
    with torch.inference_mode():
        ours = network(images)
    assert (ours - theirs).norm() < 1e-4 * ours.norm()


@pytest.mark.filterwarnings("ignore")  # a peer's own, at its import
def test_a_peer_learns_as_plain_pytorch_does(
    program: ModuleType, plain: nn.Sequential, images: Tensor
) -> None:
    """Losses before the first, second and third update: gradients, momentum, decay. Ties of pools stay below."""
    labels = torch.tensor([3, 500])
    step = program.training(plain, images, labels, rate=RATE, decay=DECAY, dropped=0.0)
    theirs = [float(step()) for _ in range(3)]
    optimizer = torch.optim.SGD(plain.parameters(), RATE, momentum=0.9, weight_decay=DECAY)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = F.cross_entropy(plain(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert theirs == pytest.approx(losses, rel=1e-4)
    assert losses[2] < 0.5 * losses[0]


@pytest.mark.filterwarnings("ignore")  # a peer's own, at its import
def test_a_peer_drops_half_of_the_units(program: ModuleType, plain: nn.Sequential, images: Tensor) -> None:
    """With dropout, losses of the same weights differ from step to step, and from the one without."""
    labels = torch.tensor([3, 500])
    step = program.training(plain, images, labels, rate=0.0)
    losses = [float(step()) for _ in range(3)]
    whole = F.cross_entropy(plain(images), labels).item()
    assert len({round(loss, 3) for loss in [*losses, whole]}) == 4


@pytest.mark.slow
@pytest.mark.parametrize("task", ["train", "infer"])
def test_a_peer_takes_steps_in_a_worker(peer: str, task: str) -> None:
    with Worker(f"{task}-{peer}", 1, 1) as worker:
        assert worker.seconds() > 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's own, while it compiles
def test_the_network_that_torch_compiles_gives_the_same_logits(plain: nn.Sequential, images: Tensor) -> None:
    if not compiles():
        pytest.skip("there is no C++ compiler, or Python's headers are not installed")
    with torch.inference_mode():
        expected, found = plain(images), compiled(plain, frozen=True)(images)
    assert (found - expected).norm() < 1e-4 * expected.norm()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's own, while it compiles
@pytest.mark.parametrize("task", ["train", "infer"])
@pytest.mark.parametrize("kind", ["compile", "compile-bfloat16"])
def test_torch_compile_is_given_its_best(task: str, kind: str) -> None:
    if not present(kind):
        pytest.skip(f"{kind} is not to be had on this machine")
    with Worker(f"{task}-{kind}", 2, 1) as worker:
        assert worker.seconds() > 0
