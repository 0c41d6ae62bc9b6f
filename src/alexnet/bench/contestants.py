"""Who is measured: each contestant makes, in a process of its own, a function that does one step.

Ours tune the allocator as a run does; the plain ones and the peers leave everything as they find it. Peers are given
their best: compiled by torch with channels last in memory, and where the processor multiplies bfloat16 by itself, in
that too.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alexnet import memory
from alexnet.bench.plain import copy_weights, plain_cifar, plain_network
from alexnet.bench.runtimes import infer_onnxruntime, infer_openvino
from alexnet.data.augmentation.augment import Augmentation, augment
from alexnet.kernels.library import plain
from alexnet.kernels.update import sgd_step
from alexnet.networks.alexnet import AlexNet
from alexnet.networks.inference import optimized_for_inference
from alexnet.networks.layers.normalization import ResponseNormalization
from alexnet.networks.network import Network
from alexnet.networks.small import Cifar18

Step = Callable[[], object]

SGEMM_SIDE: Final = 4096
STREAM_BYTES: Final = 400_000_000


def sgemm(_: int) -> Step:
    """Multiply two matrices of 4096 x 4096: the machine's practical peak."""
    a, b, c = (torch.ones(SGEMM_SIDE, SGEMM_SIDE) for _ in range(3))
    return partial(torch.mm, a, b, out=c)


def stream(_: int) -> Step:
    """Read 400 MB once: the machine's bandwidth."""
    memory.tune_allocator()
    numbers = torch.ones(STREAM_BYTES // 4)
    return numbers.sum


def copy(batch: int) -> Step:
    """Copy a map of conv1's size."""
    memory.tune_allocator()
    source = torch.ones(batch, 96, 55, 55)
    target = torch.empty_like(source)
    return partial(target.copy_, source)


def train_ours(batch: int) -> Step:
    """A whole step from uint8 pictures: crop, mirror, colours, forward, backward, update."""
    memory.tune_allocator()
    return _our_step(Network(AlexNet()), batch, 256)


def train_plain(batch: int) -> Step:
    """The same with stock modules and torch.optim.SGD, from pictures that are cut and floats already."""
    return _plain_step(plain_network(), batch, 224, 1000)


def train_compile(batch: int, *, half: bool = False) -> Step:
    """The same with the stock modules compiled by torch, channels last; `half`: in bfloat16 under autocast."""
    network = plain_network().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch documents it
    return _plain_step(compiled(network, frozen=False), batch, 224, 1000, channels_last=True, half=half)


def train_jax(batch: int) -> Step:
    """The same in JAX."""
    from alexnet.bench import jax_peer

    return jax_peer.training(plain_network(), *_cut_pictures(batch, 224, 1000))


def train_keras(batch: int) -> Step:
    """The same in Keras on TensorFlow."""
    from alexnet.bench import keras_peer

    return keras_peer.training(plain_network(), *_cut_pictures(batch, 224, 1000))


def cifar_ours(batch: int) -> Step:
    """A step of the small network `cifar-18pct`, augmentation included."""
    memory.tune_allocator()
    return _our_step(Network(Cifar18()), batch, 32)


def cifar_plain(batch: int) -> Step:
    """The same with stock modules."""
    return _plain_step(plain_cifar(), batch, 32, 10)


def _our_step(network: Network, batch: int, side: int) -> Step:
    architecture = network.architecture
    network.train()
    images = torch.randint(0, 256, (batch, 3, side, side), dtype=torch.uint8)
    labels, indices = torch.randint(0, architecture.classes, (batch,)), torch.arange(batch)
    velocities = [torch.zeros_like(parameter) for parameter in network.parameters()]
    settings, components = Augmentation(side=architecture.side), torch.eye(3)

    def step() -> None:
        for parameter in network.parameters():
            parameter.grad = None
        F.cross_entropy(network(augment(images, settings, components, 1, indices)), labels).backward()
        with torch.no_grad():
            for parameter, velocity in zip(network.parameters(), velocities, strict=True):
                assert parameter.grad is not None
                sgd_step(parameter, parameter.grad, velocity, 1e-6, 0.9, 0.0005)

    return step


def _cut_pictures(batch: int, side: int, classes: int) -> tuple[Tensor, Tensor]:
    return torch.randn(batch, 3, side, side), torch.randint(0, classes, (batch,))


def _plain_step(
    network: nn.Module,
    batch: int,
    side: int,
    classes: int,
    *,
    channels_last: bool = False,
    half: bool = False,
) -> Step:
    images, labels = _cut_pictures(batch, side, classes)
    if channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), 1e-6, momentum=0.9, weight_decay=0.0005)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = network(images)
        F.cross_entropy(logits.float(), labels).backward()
        optimizer.step()

    return step


def infer_ours(batch: int, *, quantize: bool = False) -> Step:
    """Logits of uint8 pictures."""
    memory.tune_allocator()
    network = optimized_for_inference(Network(AlexNet()), quantize=quantize)
    images = torch.randint(0, 256, (batch, 3, 224, 224), dtype=torch.uint8)
    return partial(_without_gradients, network, images)


def infer_plain(batch: int) -> Step:
    """The same with stock modules, from floats."""
    return partial(_without_gradients, _plain_inference(), torch.randn(batch, 3, 224, 224))


def infer_compile(batch: int, *, half: bool = False) -> Step:
    """The same with the stock modules compiled by torch, channels last, weights frozen; `half`: all in bfloat16."""
    kind = torch.bfloat16 if half else torch.float32
    plain_one = _plain_inference().to(kind).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # as above
    images = torch.randn(batch, 3, 224, 224, dtype=kind).contiguous(memory_format=torch.channels_last)
    return partial(_without_gradients, compiled(plain_one, frozen=True), images)


def compiled(network: nn.Module, *, frozen: bool) -> nn.Module:
    """Return a network compiled by torch, its weights taken as constants where `frozen`."""
    made = torch.compile(network, options={"freezing": frozen})  # network.compile() does not freeze
    assert isinstance(made, nn.Module)
    return made


def infer_jax(batch: int) -> Step:
    """The same in JAX, from floats."""
    from alexnet.bench import jax_peer

    return jax_peer.inference(_plain_inference(), torch.randn(batch, 3, 224, 224))


def infer_keras(batch: int) -> Step:
    """The same in Keras on TensorFlow, from floats."""
    from alexnet.bench import keras_peer

    return keras_peer.inference(_plain_inference(), torch.randn(batch, 3, 224, 224))


def _plain_inference() -> nn.Sequential:
    network = plain_network().eval()
    copy_weights(Network(AlexNet()), network)
    return network


def _without_gradients(network: nn.Module, images: Tensor) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = network(images)
    return logits


def normalize_ours(batch: int) -> Step:
    """Response normalisation of conv1's map, forward and backward, its map already channels last."""
    memory.tune_allocator()
    x = torch.randn(batch, 96, 55, 55).contiguous(memory_format=torch.channels_last)
    return _back_and_forth(ResponseNormalization(5, alpha=1e-4, beta=0.75, k=2.0), x)


def normalize_plain(batch: int) -> Step:
    """The same by nn.LocalResponseNorm, with the allocator tuned too."""
    memory.tune_allocator()
    return _back_and_forth(nn.LocalResponseNorm(5, 1e-4, 0.75, 2.0), torch.randn(batch, 96, 55, 55))


def _back_and_forth(layer: nn.Module, x: Tensor) -> Step:
    gradient = torch.randn_like(x)

    def step() -> None:
        x.requires_grad_().grad = None
        layer(x).backward(gradient)

    return step


def augment_ours(batch: int) -> Step:
    """Crop, mirror and shift the colours of uint8 pictures of 256 x 256."""
    memory.tune_allocator()
    return _augmentation(batch)


def augment_plain(batch: int) -> Step:
    """The same without the compiled kernels."""
    function = _augmentation(batch)

    def step() -> None:
        with plain():
            function()

    return step


def _augmentation(batch: int) -> Step:
    images = torch.randint(0, 256, (batch, 3, 256, 256), dtype=torch.uint8)
    return partial(augment, images, Augmentation(), torch.eye(3), 1, torch.arange(batch))


CONTESTANTS: Final[dict[str, Callable[[int], Step]]] = {
    "sgemm": sgemm,
    "stream": stream,
    "copy": copy,
    "train-ours": train_ours,
    "train-plain": train_plain,
    "train-compile": train_compile,
    "train-compile-bfloat16": partial(train_compile, half=True),
    "train-jax": train_jax,
    "train-keras": train_keras,
    "cifar-ours": cifar_ours,
    "cifar-plain": cifar_plain,
    "infer-ours": infer_ours,
    "infer-quantized": partial(infer_ours, quantize=True),
    "infer-plain": infer_plain,
    "infer-compile": infer_compile,
    "infer-compile-bfloat16": partial(infer_compile, half=True),
    "infer-onnxruntime": infer_onnxruntime,
    "infer-openvino": infer_openvino,
    "infer-openvino-bfloat16": partial(infer_openvino, half=True),
    "infer-jax": infer_jax,
    "infer-keras": infer_keras,
    "normalize-ours": normalize_ours,
    "normalize-plain": normalize_plain,
    "augment-ours": augment_ours,
    "augment-plain": augment_plain,
}
"""By the names under which a worker is told what to be; each takes the size of a batch."""
