"""Where a run computes, and in what numbers.

On a CUDA device the weights, velocities and the update stay in float32; with `precision` bfloat16 the stages
compute in bfloat16 under autocast, but for normalisation, whose squares need float32. Matrix products in float32
use TF32 there, and the run says so. On a processor everything is float32.
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from alexnet.device import choose_device
from alexnet.errors import RecipeError
from alexnet.randomness import StepRandomness

CostInputs = Callable[[Tensor, StepRandomness | None], dict[str, Tensor]]

PRECISIONS: Final = ("float32", "bfloat16")


def suitable_device(name: str, *, precision: str, compile: bool) -> torch.device:
    """Return the device of a name, for a run that computes like this.

    Raises:
        RecipeError: there is no such device, or it does not suit.
    """
    device = choose_device(name)
    check_precision(precision, device)
    check_compile(compile, device)
    return device


def check_precision(precision: str, device: torch.device) -> None:
    """Refuse bfloat16 on a processor: the package's own kernels compute in float32, and are faster than plain
    PyTorch in bfloat16 (docs/log.md: 1.7 times with AVX512-BF16; without, products are tens of times slower).

    Raises:
        RecipeError: the precision does not suit the device.
    """
    if precision == "bfloat16" and device.type == "cpu":
        raise RecipeError(
            "training.precision=bfloat16 is for CUDA devices: on a processor, one with AVX512-BF16 too, a step takes "
            "longer than with the package's own kernels, which compute in float32; set training.precision=float32"
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


def compiled(function: CostInputs, backend: str | Callable[..., object] = "inductor") -> CostInputs:
    """Return a function that torch.compile has compiled when it is first called; for each size of a batch anew.

    Raises:
        RecipeError: on its first call, where compiling fails.
    """
    made: CostInputs = torch.compile(function, dynamic=False, backend=backend)

    def call(images: Tensor, rng: StepRandomness | None) -> dict[str, Tensor]:
        try:
            return made(images, rng)
        except torch._dynamo.exc.TorchDynamoException as error:
            words = " ".join(str(error).split())[:300]
            raise RecipeError(f"torch.compile fails here ({words}): set training.compile=false") from error

    return call
