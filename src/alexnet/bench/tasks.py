"""What can be measured: for each task the contestants, the machine's bound and the ratios."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, final

from alexnet.bench.contestants import SGEMM_SIDE, STREAM_BYTES
from alexnet.bench.machine import machine, present
from alexnet.bench.rounds import Times, take_turns

TRAIN_GFLOP: Final = 4.136  # of an image, forward and backward, no gradient for the pixels
INFERENCE_GFLOP: Final = 1.449
CONVOLUTION_GFLOP: Final = 1.332
CONNECTED_BYTES: Final = 234.5e6  # the weights of fc6, fc7 and fc8

Seconds = Callable[[str], float]


@final
@dataclass(frozen=True)
class Row:
    """One contestant's figure."""

    name: str
    value: float
    """In the report's unit: the median."""
    low: float
    high: float
    """The quartiles."""
    of_bound: float | None
    """As a share of the machine's bound in the same round: 1 is the bound, more is better. None: no bound."""
    of_plain: float | None
    """How many times as good as plain PyTorch in the same round."""
    first_seconds: float
    """From nothing to the first step done."""
    peak_gigabytes: float


@final
@dataclass(frozen=True)
class Report:
    """A task's figures."""

    task: str
    title: str
    unit: str
    batch: int
    rounds: int
    gflops: float | None
    """P: GFLOP/s of a float32 product of two matrices of 4096 x 4096, in the same rounds."""
    gigabytes_per_second: float | None
    """B: the rate at which 400 MB are read, in the same rounds."""
    bound: float | None
    """In the report's unit."""
    bound_formula: str
    rows: list[Row]
    machine: Mapping[str, Any] = field(default_factory=machine)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return asdict(self)


def gflops(seconds: Seconds) -> float:
    """Return P of a round."""
    return 2 * SGEMM_SIDE**3 / seconds("sgemm") / 1e9


def bandwidth(seconds: Seconds) -> float:
    """Return B of a round, in bytes per second."""
    return STREAM_BYTES / seconds("stream")


@final
@dataclass(frozen=True)
class Task:
    """Who takes part, in what order shown, and against which bound."""

    title: str
    contestants: Mapping[str, str]
    """Names in the table by the names of the contestants; the plain one's ends in "-plain"."""
    batch: int
    bound: Callable[[Seconds, int], float] | None
    """Seconds that a step cannot be shorter than, from a round and the batch."""
    bound_formula: str = ""
    latency: bool = False
    """Figures are milliseconds a step, rather than images per second."""
    repeat: int = 1


INFERENCE_PEERS: Final = {
    "infer-compile": "PyTorch, torch.compile, channels last",
    "infer-compile-bfloat16": "PyTorch, torch.compile, bfloat16",
    "infer-onnxruntime": "ONNX Runtime",
    "infer-openvino": "OpenVINO",
    "infer-openvino-bfloat16": "OpenVINO, bfloat16",
    "infer-jax": "JAX",
    "infer-keras": "Keras on TensorFlow",
}

TASKS: Final[dict[str, Task]] = {
    "train": Task(
        "training, whole steps from uint8 pictures",
        {
            "train-ours": "alexnet",
            "train-plain": "plain PyTorch (no augmentation)",
            "train-compile": "PyTorch, torch.compile, channels last (no augmentation)",
            "train-compile-bfloat16": "PyTorch, torch.compile, bfloat16 (no augmentation)",
            "train-jax": "JAX (no augmentation)",
            "train-keras": "Keras on TensorFlow (no augmentation)",
        },
        128,
        lambda seconds, batch: batch * TRAIN_GFLOP / gflops(seconds),
        "P / 4.136 GFLOP",
    ),
    "infer": Task(
        "inference",
        {
            "infer-ours": "alexnet",
            "infer-plain": "plain PyTorch",
            **INFERENCE_PEERS,
        },
        64,
        lambda seconds, batch: batch * INFERENCE_GFLOP / gflops(seconds),
        "P / 1.449 GFLOP",
    ),
    "latency": Task(
        "inference, one picture",
        {
            "infer-ours": "alexnet, float32",
            "infer-quantized": "alexnet, fc6 ... fc8 of one byte",
            "infer-plain": "plain PyTorch",
            **INFERENCE_PEERS,
        },
        1,
        lambda seconds, _: CONVOLUTION_GFLOP / gflops(seconds) + CONNECTED_BYTES / bandwidth(seconds),
        "1.332 GFLOP / P + 234.5 MB / B",
        latency=True,
        repeat=20,
    ),
    "normalization": Task(
        "response normalisation of conv1's map, forward and backward",
        {"normalize-ours": "alexnet", "normalize-plain": "nn.LocalResponseNorm, allocator tuned"},
        128,
        lambda seconds, _: 2.5 * seconds("copy"),
        "a copy of the five maps that are read or written",
        latency=True,
        repeat=3,
    ),
    "cifar": Task(
        "training the small network cifar-18pct, whole steps from uint8 pictures",
        {"cifar-ours": "alexnet", "cifar-plain": "plain PyTorch (no augmentation)"},
        128,
        None,
        repeat=5,
    ),
    "data": Task(
        "crop, mirror and colour shift of uint8 pictures of 256 x 256",
        {"augment-ours": "alexnet", "augment-plain": "alexnet without compiled kernels"},
        128,
        None,
        repeat=3,
    ),
}


def measure(task: str, *, batch: int | None = None, rounds: int = 7, threads: int) -> Report:
    """Measure a task; peers that are not installed are left out.

    Args:
        task: a key of `TASKS`.
        batch: pictures a step; None for the task's own.
        rounds: turns of each contestant.
        threads: that each may use.
    """
    chosen = TASKS[task]
    size = batch if batch is not None else chosen.batch
    names = {
        contestant: name
        for contestant, name in chosen.contestants.items()
        if present(contestant.partition("-")[2])
    }
    gauges = [] if chosen.bound is None else ["sgemm", "copy" if task == "normalization" else "stream"]
    times = take_turns(dict.fromkeys([*gauges, *names], size), rounds, threads, chosen.repeat)
    plain = next(contestant for contestant in names if contestant.endswith("-plain"))
    limit = chosen.bound
    bound = None if limit is None else times.ratio(lambda seconds: limit(seconds, size))
    return Report(
        task,
        chosen.title,
        "ms" if chosen.latency else "images/s",
        size,
        rounds,
        times.ratio(gflops) if gauges else None,
        times.ratio(bandwidth) / 1e9 if "stream" in gauges else None,
        None if bound is None else _figure(chosen, bound, size),
        chosen.bound_formula,
        [_row(chosen, times, contestant, name, plain, size) for contestant, name in names.items()],
    )


def _figure(task: Task, seconds: float, batch: int) -> float:
    return seconds * 1000 if task.latency else batch / seconds


def _row(task: Task, times: Times, contestant: str, name: str, plain: str, batch: int) -> Row:
    low, high = sorted(_figure(task, seconds, batch) for seconds in times.spread(contestant))
    bound = task.bound
    return Row(
        name,
        _figure(task, times.median(contestant), batch),
        low,
        high,
        None if bound is None else times.ratio(lambda seconds: bound(seconds, batch) / seconds(contestant)),
        None if contestant == plain else times.ratio(lambda seconds: seconds(plain) / seconds(contestant)),
        times.first_seconds[contestant],
        times.peak_bytes[contestant] / 1e9,
    )
