"""The printed network in JAX: jax.numpy and lax, jitted whole, with the weights of the plain network.

Shapes: N images, H rows, W columns, C channels; kernels (H, W, C / groups, K).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from torch import Tensor, nn

from alexnet.bench.plain import channels_last, channels_last_weights

Weights = list[tuple[Any, Any]]
"""Of each layer from conv1 to fc8: kernels or matrix, biases."""


def inference(plain: nn.Sequential, images: Tensor) -> Callable[[], Any]:
    """Return a step that gives the logits, (N, 1000).

    Args:
        plain: whose weights are taken.
        images: float32 pixels, (N, 3, 224, 224).
    """
    function, weights, pixels = _jitted(_logits), _weights(plain), jnp.array(channels_last(images))
    return lambda: jax.block_until_ready(function(weights, pixels))


def training(
    plain: nn.Sequential,
    images: Tensor,
    labels: Tensor,
    *,
    rate: float = 1e-6,
    decay: float = 0.0005,
    dropped: float = 0.5,
) -> Callable[[], Any]:
    """Return a whole training step, which gives the loss before its update; momentum is 0.9.

    Args:
        plain: whose weights are taken.
        images: float32 pixels, (N, 3, 224, 224).
        labels: integers, (N,).
        rate, decay: of the update; what decays is added to the gradient, as torch.optim.SGD does.
        dropped: share of the units of fc6 and fc7 that a step leaves out.
    """
    pixels, classes = jnp.array(channels_last(images)), jnp.array(labels.numpy())

    def loss(weights: Weights, key: Any) -> Any:
        logarithms = jax.nn.log_softmax(_logits(weights, pixels, key, dropped))
        return -jnp.mean(jnp.take_along_axis(logarithms, classes[:, None], axis=1))

    def updated(weights: Weights, velocities: Weights, key: Any) -> tuple[Any, Weights, Weights, Any]:
        key, used = jax.random.split(key)
        value, gradients = jax.value_and_grad(loss)(weights, used)
        velocities = jax.tree.map(lambda v, g, w: 0.9 * v + g + decay * w, velocities, gradients, weights)
        return value, jax.tree.map(lambda w, v: w - rate * v, weights, velocities), velocities, key

    function, weights = _jitted(updated, donate_argnums=(0, 1, 2)), _weights(plain)
    velocities, key = jax.tree.map(jnp.zeros_like, weights), jax.random.key(0)

    def step() -> Any:
        nonlocal weights, velocities, key
        value, weights, velocities, key = jax.block_until_ready(function(weights, velocities, key))
        return value

    return step


def _jitted(function: Callable[..., Any], **arguments: Any) -> Any:
    """Compile without XLA's YNNPACK kernels: with them jaxlib 0.10.2 takes twice as long for a training step.

    A batch of 128 on 2 cores of an AMD EPYC, 2026-11-23.
    """
    options = {"xla_cpu_experimental_ynn_fusion_type": ""}
    try:
        jax.jit(lambda: 0, compiler_options=options)()
    except jax.errors.JaxRuntimeError:
        options = {}  # releases without these kernels do not know the option
    return jax.jit(function, compiler_options=options, **arguments)


def _weights(plain: nn.Sequential) -> Weights:
    return [(jnp.array(weight), jnp.array(bias)) for weight, bias in channels_last_weights(plain)]


def _logits(weights: Weights, x: Any, key: Any = None, dropped: float = 0.0) -> Any:
    conv1, conv2, conv3, conv4, conv5, fc6, fc7, fc8 = weights
    x = _pool(_normalize(_convolve(x, *conv1, stride=4, padding=(0, 3))))  # (N, 27, 27, 96)
    x = _pool(_normalize(_convolve(x, *conv2, padding=(2, 2), groups=2)))  # (N, 13, 13, 256)
    x = _convolve(x, *conv3, padding=(1, 1))
    x = _convolve(x, *conv4, padding=(1, 1), groups=2)
    x = _pool(_convolve(x, *conv5, padding=(1, 1), groups=2))  # (N, 6, 6, 256)
    x = x.reshape(len(x), -1)
    for number, (weight, bias) in enumerate((fc6, fc7)):
        x = jax.nn.relu(x @ weight + bias)
        if dropped:
            kept = jax.random.bernoulli(jax.random.fold_in(key, number), 1 - dropped, x.shape)
            x = jnp.where(kept, x / (1 - dropped), 0)
    return x @ fc8[0] + fc8[1]


def _convolve(
    x: Any, kernels: Any, biases: Any, *, stride: int = 1, padding: tuple[int, int], groups: int = 1
) -> Any:
    """Convolve and rectify; groups one by one, as XLA's grouped convolution takes two to three times as long."""
    convolution = partial(
        lax.conv_general_dilated,
        window_strides=(stride, stride),
        padding=(padding, padding),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    parts = zip(jnp.split(x, groups, axis=3), jnp.split(kernels, groups, axis=3), strict=True)
    return jax.nn.relu(jnp.concatenate([convolution(maps, own) for maps, own in parts], axis=3) + biases)


def _normalize(x: Any) -> Any:
    total = lax.reduce_window(x * x, 0.0, lax.add, (1, 1, 1, 5), (1, 1, 1, 1), "SAME")
    scale = 2 + 1e-4 / 5 * total
    return x * lax.rsqrt(scale * jnp.sqrt(scale))  # scale^-0.75


def _pool(x: Any) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "VALID")
