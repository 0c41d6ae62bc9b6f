"""Each layer's formula against loops in float64 that follow the text, one value at a time; forward and gradient.

Gradients are compared with central differences (`torch.autograd.gradcheck`), where a formula has one; where
the program's rule is another (ties), the rule is tested.
"""

import itertools
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from alexnet.networks.layers.contrast import BlockNormalization, ContrastNormalization
from alexnet.networks.layers.joins import Column, Concatenation, Maximum, Sum
from alexnet.networks.layers.multi_input import Connection, Dense, Filtered, Local, MultiInputLayer
from alexnet.networks.layers.neurons import Neuron
from alexnet.networks.layers.normalization import MapNormalization, ResponseNormalization
from alexnet.networks.layers.pictures import Blur, Lab, Mirror, Nailbed, RandomScale, Resize, Yuv
from alexnet.networks.layers.pooling import WindowPool
from alexnet.networks.layers.tree import TreeConnected
from alexnet.randomness import StepRandomness


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def differences_agree(function: Callable[..., Tensor], *inputs: Tensor) -> bool:
    return torch.autograd.gradcheck(function, [x.clone().requires_grad_() for x in inputs])


def each(shape: tuple[int, ...], value: Callable[..., float | Tensor]) -> Tensor:
    """Fill a tensor one value at a time."""
    result = torch.empty(shape, dtype=torch.float64)
    for place in torch.cartesian_prod(*(torch.arange(n) for n in shape)).tolist():
        result[tuple(place)] = value(*place)
    return result


# Pools

POOLS = [  # size, stride, start, count, side
    (3, 2, 0, 0, 13),
    (3, 2, 0, 0, 12),  # the last window is clipped
    (2, 2, 0, 0, 7),
    (4, 3, -2, 0, 9),  # the first one too
    (3, 1, 1, 0, 6),
    (3, 2, 0, 2, 9),  # fewer windows than would fit
    (5, 3, -1, 4, 10),
]


@pytest.mark.parametrize(("size", "stride", "start", "count", "side"), POOLS)
@pytest.mark.parametrize("kind", ["max", "maxabs", "avg"])
def test_a_pool_summarises_clipped_windows(
    kind: str, size: int, stride: int, start: int, count: int, side: int
) -> None:
    x = draw(2, 3, side, side)
    pool = WindowPool(size, stride, kind=kind, start=start, count=count)
    positions = count or math.ceil((side - start - size) / stride) + 1

    def summary(n: int, c: int, i: int, j: int) -> float:
        rows, columns = (
            range(max(0, start + k * stride), min(side, start + k * stride + size)) for k in (i, j)
        )
        window = [float(x[n, c, row, column]) for row in rows for column in columns]
        if kind == "avg":
            return sum(window) / len(window)
        return max(window, key=abs) if kind == "maxabs" else max(window)

    assert pool.shape((3, side, side)) == (3, positions, positions)
    torch.testing.assert_close(pool(x), each((2, 3, positions, positions), summary))
    assert differences_agree(pool, x[:1, :1])


def test_every_input_that_equals_the_maximum_gets_the_whole_gradient() -> None:
    x = torch.tensor([[[[1.0, 2.0, 2.0], [0.0, 2.0, 1.0], [2.0, 0.0, 0.0]]]], requires_grad=True)
    WindowPool(2, 1)(x).backward(torch.tensor([[[[1.0, 10.0], [100.0, 1000.0]]]]))
    assert x.grad is not None
    assert x.grad.tolist() == [[[[0.0, 11.0, 10.0], [0.0, 1111.0, 0.0], [100.0, 0.0, 0.0]]]]


def test_a_random_pool_picks_each_pixel_of_a_clipped_window_alike_often() -> None:
    x = torch.arange(16.0).view(1, 1, 4, 4).expand(4000, 1, 4, 4)
    pool = WindowPool(3, 2, kind="rand").eval()  # random at test too
    picked = pool(x, rng=StepRandomness(1, 0, 0, 4000, 4000), stage="pool")
    corner = picked[:, 0, 1, 1]  # window of rows and columns 2, 3
    assert set(corner.tolist()) == {10.0, 11.0, 14.0, 15.0}
    assert all(abs(float((corner == v).float().mean()) - 0.25) < 0.03 for v in (10, 11, 14, 15))
    halves = [pool(x[:2000], rng=StepRandomness(1, 0, a, a + 2000, 4000), stage="pool") for a in (0, 2000)]
    assert torch.equal(torch.cat(halves), picked)  # two processes draw what one does


def test_the_gradient_of_a_random_pool_goes_to_every_equal_of_what_was_picked() -> None:
    """As in the program, against a loop over clipped windows; before, the picked one alone had it."""
    pool = WindowPool(3, 2, kind="rand", start=-1)
    few = torch.randint(0, 3, (2, 4, 7, 7), generator=torch.Generator().manual_seed(3)).double()
    x = few.clone().requires_grad_()
    y = pool(x, rng=StepRandomness(0, 0, 0, 2, 2), stage="pool")
    gradient = draw(*y.shape, seed=4)
    y.backward(gradient)
    expected = torch.zeros_like(few)
    for n, c, i, j in itertools.product(*map(range, y.shape)):
        top, left = max(0, 2 * i - 1), max(0, 2 * j - 1)
        window = (n, c, slice(top, 2 * i + 2), slice(left, 2 * j + 2))
        equal = few[window] == y[n, c, i, j]
        assert equal.any()
        expected[window] += torch.where(equal, gradient[n, c, i, j], 0.0)
    assert x.grad is not None
    assert torch.allclose(x.grad, expected)


# Normalisations


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize(
    "layer",
    [
        ResponseNormalization(5, alpha=0.01),
        MapNormalization(3, scale=0.01),
        BlockNormalization(4, alpha=0.01, beta=0.75, k=1.0),
        ContrastNormalization(3, scale=0.01, power=0.75),
    ],
)
def test_normalisations_of_half_precision_are_computed_in_float32(
    layer: nn.Module, dtype: torch.dtype
) -> None:
    """float16 squares are infinite from 256 on, and those of bfloat16 have three digits."""
    x = (300 * draw(2, 8, 6, 6, seed=1)).to(dtype)
    y = layer(x)
    assert y.dtype == dtype
    assert torch.equal(y, layer(x.float()).to(dtype))


@pytest.mark.parametrize("size", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("blocked", [False, True])
def test_normalisation_across_maps(size: int, blocked: bool) -> None:
    channels = 8 if size != 3 else 7  # blocks of 3 leave a short one
    x = draw(2, channels, 2, 2)
    scale, power, least = 0.8, 0.75, 2.0

    def normalised(n: int, c: int, i: int, j: int) -> float:
        first = c // size * size if blocked else c - size // 2
        window = range(max(0, first), min(channels, first + size))
        total = sum(float(x[n, other, i, j]) ** 2 for other in window)
        return float(float(x[n, c, i, j]) * (least + scale / size * total) ** -power)

    layer: nn.Module
    if blocked:
        layer = BlockNormalization(size, alpha=scale, beta=power, k=least)
    else:
        layer = ResponseNormalization(size, alpha=scale, beta=power, k=least)
    torch.testing.assert_close(layer(x), each((2, channels, 2, 2), normalised))
    assert differences_agree(layer, x[:1])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_normalisation_within_a_map(size: int) -> None:
    x = draw(1, 2, 5, 5)

    def normalised(n: int, c: int, i: int, j: int) -> float:
        total = sum(float(x[n, c, a, b]) ** 2 for a in around(i, size, 5) for b in around(j, size, 5))
        return float(float(x[n, c, i, j]) * (1 + 0.9 / size**2 * total) ** -0.75)

    layer = MapNormalization(size, scale=0.9, power=0.75)
    torch.testing.assert_close(layer(x), each((1, 2, 5, 5), normalised))
    assert differences_agree(layer, x)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_contrast_normalisation_has_each_pixels_own_mean(size: int) -> None:
    x = draw(1, 2, 5, 5)

    def mean(c: int, i: int, j: int) -> float:
        window = [float(x[0, c, a, b]) for a in around(i, size, 5) for b in around(j, size, 5)]
        return sum(window) / len(window)

    def normalised(n: int, c: int, i: int, j: int) -> float:
        places = [(a, b) for a in around(i, size, 5) for b in around(j, size, 5)]
        total = sum((float(x[n, c, a, b]) - mean(c, a, b)) ** 2 for a, b in places)
        return float(float(x[n, c, i, j]) * (1 + 0.9 / size**2 * total) ** -0.75)

    layer = ContrastNormalization(size, scale=0.9, power=0.75)
    torch.testing.assert_close(layer(x), each((1, 2, 5, 5), normalised))
    assert differences_agree(layer, x)


def around(place: int, size: int, side: int) -> range:
    first = place - size // 2
    return range(max(0, first), min(side, first + size))


# Weights


def test_filters_of_several_inputs_are_summed_and_see_zeros_outside() -> None:
    """Sizes that round up: 6 pixels, windows of 3 with stride 2 and padding 1 and of 4 with stride 2."""
    first, second = draw(2, 4, 6, 6), draw(2, 2, 7, 7, seed=1)
    parts: list[Connection] = [Filtered(4, 6, 3, 2, 1, groups=2), Filtered(2, 6, 2, 2, 0, groups=1)]
    layer = MultiInputLayer(parts, (6,), deviations=(1.0, 1.0), constant=0.5).double()
    layer.initialize(torch.Generator().manual_seed(2))
    weights = [layer.get_parameter("weight0"), layer.get_parameter("weight1")]
    outputs = 1 + math.ceil((6 + 2 - 3) / 2)
    assert outputs == 1 + math.ceil((7 - 2) / 2) == 4

    def filtered(n: int, f: int, i: int, j: int) -> Tensor:
        total = layer.bias[f].detach()
        for x, weight, size, padding, groups in zip(
            (first, second), weights, (3, 2), (1, 0), (2, 1), strict=True
        ):
            seen = x.shape[1] // groups
            base = f // (6 // groups) * seen
            for c in range(seen):
                for a in range(size):
                    for b in range(size):
                        row, column = i * 2 - padding + a, j * 2 - padding + b
                        if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                            total = total + weight[f, c, a, b].detach() * x[n, base + c, row, column]
        return total

    torch.testing.assert_close(layer(first, second).detach(), each((2, 6, 4, 4), filtered))
    assert differences_agree(lambda x, y: layer(x, y), first[:1], second[:1])


def test_a_group_sees_the_channels_that_its_connections_name() -> None:
    x = draw(1, 4, 3, 3)
    part = Filtered(4, 4, 3, 1, 0, groups=2, connections=(2, 0, 3, 2))
    layer = MultiInputLayer([part], (4,), deviations=(1.0,)).double()
    layer.initialize(torch.Generator().manual_seed(0))
    weight = layer.get_parameter("weight0").detach()
    seen = (x[0, [2, 0]], x[0, [3, 2]])
    expected = torch.stack([(weight[f] * seen[f // 2]).sum() for f in range(4)])
    torch.testing.assert_close(layer(x).flatten().detach(), expected)


def test_local_filters_belong_to_their_position() -> None:
    x = draw(2, 4, 5, 5)
    layer = MultiInputLayer([Local((4, 5, 5), 6, 3, 2, 1, groups=2)], (6, 9), deviations=(1.0,)).double()
    layer.initialize(torch.Generator().manual_seed(0))
    layer.bias.data = draw(6, 9, seed=4)
    weight, bias = layer.get_parameter("weight0").detach(), layer.bias.detach()

    def filtered(n: int, f: int, i: int, j: int) -> Tensor:
        total = bias[f, 3 * i + j]
        for c in range(2):
            for a in range(3):
                for b in range(3):
                    row, column = 2 * i - 1 + a, 2 * j - 1 + b
                    if 0 <= row < 5 and 0 <= column < 5:
                        value = weight[3 * i + j, f, 9 * c + 3 * a + b]
                        total = total + value * x[n, f // 3 * 2 + c, row, column]
        return total

    torch.testing.assert_close(layer(x).detach(), each((2, 6, 3, 3), filtered))
    assert differences_agree(layer, x[:1])


def test_biases_may_differ_by_position_filter_first() -> None:
    layer = MultiInputLayer([Filtered(1, 2, 1, 1, 0, groups=1)], (2, 4), deviations=(0.0,)).double()
    layer.initialize(torch.Generator())
    layer.bias.data = torch.arange(8.0, dtype=torch.float64).view(2, 4)
    expected = torch.arange(8.0, dtype=torch.float64).view(1, 2, 2, 2)
    assert torch.equal(layer(torch.zeros(1, 1, 2, 2, dtype=torch.float64)).detach(), expected)


def test_units_read_several_inputs_of_any_size() -> None:
    maps, units = draw(3, 2, 2, 2), draw(3, 5, seed=1)
    layer = MultiInputLayer([Dense(8, 4), Dense(5, 4)], (4,), deviations=(1.0, 1.0), constant=0.25).double()
    layer.initialize(torch.Generator().manual_seed(0))
    weights = layer.get_parameter("weight0"), layer.get_parameter("weight1")
    expected = maps.flatten(1) @ weights[0].T + units @ weights[1].T + 0.25
    torch.testing.assert_close(layer(maps, units), expected)


def test_a_class_of_the_tree_has_the_sum_of_the_vectors_on_its_path() -> None:
    children = ((), (), (), (0, 1), (3, 2))  # leaves 0, 1, 2; node 3 over 0 and 1; the root over 3 and 2
    layer = TreeConnected(4, children).double()
    layer.initialize(torch.Generator().manual_seed(0))
    assert torch.equal(layer.weight[3:], torch.zeros(2, 4, dtype=torch.float64))
    layer.weight.data = draw(5, 4)
    w, x = layer.weight.detach(), draw(2, 4, seed=1)
    vectors = torch.stack([w[0] + w[3] + w[4], w[1] + w[3] + w[4], w[2] + w[4]])
    torch.testing.assert_close(layer(x).detach(), x @ vectors.T)
    layer(x).sum().backward()
    assert layer.weight.grad is not None
    torch.testing.assert_close(layer.weight.grad[3], layer.weight.grad[0] + layer.weight.grad[1])


# Neurons

NEURONS: list[tuple[str, Callable[[float], float]]] = [
    ("ident", lambda x: x),
    ("logistic", lambda x: 1 / (1 + math.exp(-x))),
    ("relu", lambda x: max(0.0, x)),
    ("brelu[0.7]", lambda x: min(0.7, max(0.0, x))),
    ("abs", abs),
    ("tanh[1.7,0.6]", lambda x: 1.7 * math.tanh(0.6 * x)),
    ("softrelu", lambda x: x if x > 4 else math.log(1 + math.exp(x))),
    ("drelu[0.5]", lambda x: x - 0.5 * math.tanh(x / 0.5)),
    ("square", lambda x: x * x),
    ("linear[2,-3]", lambda x: 2 * x - 3),
]


@pytest.mark.parametrize(("text", "function"), NEURONS, ids=[text for text, _ in NEURONS])
def test_a_neurons_function(text: str, function: Callable[[float], float]) -> None:
    x = 3 * draw(40)
    expected = torch.tensor([function(float(value)) for value in x], dtype=torch.float64)
    torch.testing.assert_close(Neuron(text)(x), expected)
    assert differences_agree(Neuron(text), x)


def test_square_roots_and_their_gradient() -> None:
    assert differences_agree(Neuron("sqrt"), draw(10).abs() + 0.1)


@pytest.mark.parametrize(
    ("text", "place", "slope"),
    [("relu", 0.0, 0.0), ("abs", 0.0, -1.0), ("brelu[2]", 2.0, 0.0), ("brelu[2]", 0.0, 0.0)],
)
def test_gradients_at_the_corners_are_the_programs(text: str, place: float, slope: float) -> None:
    x = torch.tensor([place], requires_grad=True)
    Neuron(text)(x).backward()
    assert x.grad is not None
    assert x.grad.item() == slope


def test_a_noisy_neurons_deviation_equals_its_value_and_its_slope_is_1_where_it_is_on() -> None:
    x = torch.full((20000,), 2.0, requires_grad=True)
    y = Neuron("nrelu").eval()(x, rng=StepRandomness(0, 0, 0, 20000, 20000), stage="a")  # noisy at test too
    raw = y[y > 0].detach()
    assert abs(float((y == 0).float().mean()) - 0.1587) < 0.01  # 2 + 2 N(0, 1) below 0
    assert abs(float((raw - 2).square().mean()) - 4.0 * (0.8413 - 0.2420) / 0.8413) < 0.1
    y.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, (y > 0).float())


# Joins


def test_sums_and_stacks() -> None:
    a, b = draw(2, 3, 2, 2), draw(2, 3, 2, 2, seed=1)
    torch.testing.assert_close(Sum((2.0, -0.5))(a, b), 2 * a - 0.5 * b)
    stacked = Concatenation()(a, b)
    assert stacked.shape == (2, 6, 2, 2)
    torch.testing.assert_close(stacked.flatten(1), torch.cat([a.flatten(1), b.flatten(1)], 1))
    assert torch.equal(Column(1, 2)(stacked), b)
    assert Concatenation()(a, draw(2, 5)).shape == (2, 17)


def test_all_inputs_that_are_tied_for_the_maximum_get_the_gradient() -> None:
    a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    b = torch.tensor([2.0, 2.0, 1.0], requires_grad=True)
    y = Maximum()(a, b)
    assert y.tolist() == [2.0, 2.0, 3.0]
    y.backward(torch.tensor([1.0, 10.0, 100.0]))
    assert a.grad is not None
    assert b.grad is not None
    assert (a.grad.tolist(), b.grad.tolist()) == ([0.0, 10.0, 100.0], [1.0, 10.0, 0.0])


# Pictures


@pytest.mark.parametrize(("size", "deviation"), [(3, 1.0), (5, 0.7), (9, 4.0)])
def test_a_blur_is_separable_gaussian_and_sees_zeros_outside(size: int, deviation: float) -> None:
    x = draw(1, 2, 6, 6)
    raw = [math.exp(-((i - size // 2) ** 2) / (2 * deviation**2)) for i in range(size)]
    kernel = [value / sum(raw) for value in raw]

    def blurred(n: int, c: int, i: int, j: int) -> float:
        total = 0.0
        for a in range(size):
            for b in range(size):
                row, column = i + a - size // 2, j + b - size // 2
                if 0 <= row < 6 and 0 <= column < 6:
                    total += kernel[a] * kernel[b] * float(x[n, c, row, column])
        return total

    torch.testing.assert_close(Blur(size, deviation)(x), each((1, 2, 6, 6), blurred), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("side", "stride", "count", "start"), [(224, 4, 56, 2), (9, 2, 5, 0), (10, 4, 3, 1), (7, 3, 3, 0)]
)
def test_a_nailbed_keeps_a_grid_in_the_middle(side: int, stride: int, count: int, start: int) -> None:
    x = torch.arange(side * side).view(1, 1, side, side)
    kept = Nailbed(stride)(x)
    assert kept.shape[-1] == count == Nailbed(stride).shape((1, side, side))[1]
    assert kept[0, 0, 0, 0] == start * side + start
    assert kept[0, 0, 0, 1] - kept[0, 0, 0, 0] == stride


@pytest.mark.parametrize("scale", [0.5, 0.8, 1.3, 2.0])
def test_resizing_is_bilinear_about_the_centre(scale: float) -> None:
    x = draw(1, 1, 9, 9)
    target = math.floor(9 / scale)

    def source(i: int) -> tuple[int, float]:
        place = min(max(i * scale + 9 / 2 - target / 2 * scale, 0.0), 9 - 1.01)
        return int(place), place - int(place)

    def resized(n: int, c: int, i: int, j: int) -> float:
        (row, down), (column, across) = source(i), source(j)
        value = 0.0
        for a, u in ((0, 1 - down), (1, down)):
            for b, v in ((0, 1 - across), (1, across)):
                value += u * v * float(x[n, c, row + a, column + b])
        return value

    torch.testing.assert_close(Resize(scale)(x), each((1, 1, target, target), resized))


def test_random_scales_cut_the_centre_at_test_and_something_of_the_same_size_in_training() -> None:
    layer = RandomScale(1.5, 16)
    x = torch.rand(2, 3, 24, 24)
    assert torch.equal(layer.eval()(x), x[..., 4:20, 4:20])
    first = layer.train()(x, rng=StepRandomness(0, 0, 0, 2, 2), stage="scale")
    assert first.shape == (2, 3, 16, 16)
    assert torch.equal(first, layer(x, rng=StepRandomness(0, 0, 0, 2, 2), stage="scale"))
    assert any(
        not torch.equal(first, layer(x, rng=StepRandomness(0, step, 0, 2, 2), stage="scale"))
        for step in range(1, 5)
    )


def test_colours_turn_into_brightness_and_differences() -> None:
    x = draw(1, 3, 2, 2)
    y, u, v = Yuv()(x)[0]
    torch.testing.assert_close(y + 1.28033 * v, x[0, 0], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(y - 0.21482 * u - 0.38059 * v, x[0, 1], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(y + 2.12798 * u, x[0, 2], atol=1e-3, rtol=1e-3)


def test_colours_turn_into_lightness() -> None:
    r, g, b = 0.2, 0.5, 0.001

    def h(t: float) -> float:
        return t**0.3333 if t > 0.0088564517 else 7.787037 * t + 0.13793103

    x, y, z = 0.49 * r + 0.31 * g + 0.2 * b, 0.17697 * r + 0.8124 * g + 0.01063 * b, 0.01 * g + 0.99 * b
    expected = torch.tensor([116 * h(y) - 16, 500 * (h(x) - h(y)), 200 * (h(y) - h(z))], dtype=torch.float64)
    picture = torch.tensor([r, g, b], dtype=torch.float64).view(1, 3, 1, 1)
    torch.testing.assert_close(Lab()(picture).flatten(), expected, rtol=1e-5, atol=1e-5)
    centred = Lab(centred=True)(picture).flatten()
    torch.testing.assert_close(expected - centred, torch.tensor([50.0, 0.0, 0.0], dtype=torch.float64))


def test_mirroring_twice_is_the_identity() -> None:
    x = draw(1, 3, 4, 4)
    assert torch.equal(Mirror()(Mirror()(x)), x)
    assert torch.equal(Mirror()(x)[..., 0], x[..., -1])
