"""Where a run computes, and in what numbers.

On a CUDA device the weights, velocities and the update stay in float32; with `precision` bfloat16 the stages
compute in bfloat16 under autocast, but for response normalisation, whose squares need float32. Matrix products
in float32 use TF32 there, and the run says so.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from alexnet.errors import RecipeError, choices
from alexnet.randomness import Chance

Outcome = Callable[[Tensor, Chance | None], dict[str, Tensor]]

PRECISIONS: Final = ("float32", "bfloat16")


def chosen_device(name: str = "auto") -> torch.device:
    """Return the device of a name: cpu, cuda, cuda:1; auto is a CUDA device where torch can use one.

    Raises:
        RecipeError: there is no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise RecipeError(f"`{name}` is not a device; {choices(name, ('auto', 'cpu', 'cuda'))}") from None
    if device.type not in ("cpu", "cuda"):
        raise RecipeError(f"`{name}` is not trained on here; {choices(name, ('auto', 'cpu', 'cuda'))}")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise RecipeError(
            f"there is no {name}: torch {torch.__version__} finds {torch.cuda.device_count()} CUDA devices; "
            "--device cpu needs none"
        )
    return device


def suitable_device(name: str, *, precision: str, compile: bool) -> torch.device:
    """Return the device of a name, for a run that computes like this.

    Raises:
        RecipeError: there is no such device, or it does not suit.
    """
    device = chosen_device(name)
    check_precision(precision, device)
    check_compile(compile, device)
    return device


def check_precision(precision: str, device: torch.device) -> None:
    """Refuse bfloat16 where the processor has no instructions for it: there it is slower than float32, not faster.

    Raises:
        RecipeError: the precision does not suit the device.
    """
    if precision == "bfloat16" and device.type == "cpu" and not has_bfloat16():
        raise RecipeError(
            "training.precision=bfloat16 needs a processor with AVX512-BF16 or AMX, which this one lacks: products "
            "would be tens of times slower than in float32; set training.precision=float32"
        )


def check_compile(wanted: bool, device: torch.device) -> None:
    """Refuse to compile for a processor.

    Raises:
        RecipeError: it is wanted there.
    """
    if wanted and device.type == "cpu":
        raise RecipeError(
            "training.compile=true is for CUDA devices: on a processor the package's own kernels are faster; "
            "set training.compile=false"
        )


def compiled(function: Outcome, backend: str | Callable[..., object] = "inductor") -> Outcome:
    """Return a function that torch.compile has compiled when it is first called; for each size of a batch anew.

    Raises:
        RecipeError: on its first call, where compiling fails.
    """
    made: Outcome = torch.compile(function, dynamic=False, backend=backend)

    def call(images: Tensor, chance: Chance | None) -> dict[str, Tensor]:
        try:
            return made(images, chance)
        except torch._dynamo.exc.TorchDynamoException as error:
            words = " ".join(str(error).split())[:300]
            raise RecipeError(f"torch.compile fails here ({words}): set training.compile=false") from error

    return call


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 numbers by itself, as far as Linux says."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return False
    flags = next((line for line in path.read_text().splitlines() if line.startswith("flags")), "").split()
    return "avx512_bf16" in flags or "amx_bf16" in flags


def settled(device: torch.device) -> str:
    """Let float32 products of a CUDA device use TF32, and return what a run says of its device."""
    if device.type == "cpu":
        return f"device: cpu, {torch.get_num_threads()} threads"
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    return f"device: {torch.cuda.get_device_name(device)}; float32 products use TF32, 10 bits of mantissa"
