"""Devices: choosing one by its name, saying what it is, and what is asked of it."""

import resource
import sys

import torch

from alexnet.errors import RecipeError, choices


def choose_device(name: str | torch.device = "auto") -> torch.device:
    """Return the device of a name.

    Args:
        name: cpu, cuda, cuda:1; auto is a CUDA device where torch can use one, else the processor. A device stays.
    Raises:
        RecipeError: there is no such device, or nothing is computed on it here.
        TypeError: it is no name.
    """
    if not isinstance(name, str | torch.device):
        raise TypeError(f"a device is named by text, not by {type(name).__name__}: cpu, cuda, cuda:1 or auto")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise RecipeError(
            f"`{name}` is not a device; {choices(str(name), ('auto', 'cpu', 'cuda'))}"
        ) from None
    if device.type not in ("cpu", "cuda"):
        raise RecipeError(
            f"nothing is computed on `{name}` here; {choices(str(name), ('auto', 'cpu', 'cuda'))}"
        )
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise RecipeError(
            f"there is no {name}: torch {torch.__version__} finds {torch.cuda.device_count()} CUDA devices; "
            "the device cpu is always there"
        )
    return device


def enable_tf32(device: torch.device) -> None:
    """Let float32 products of a CUDA device use TF32, and let cuDNN look for its fastest algorithms.

    It holds for the whole process, and is for one of our own; for a processor nothing is done.

    Args:
        device: where it will be computed.
    """
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True


def describe_device(device: torch.device) -> str:
    """Return what a run says of its device, in one line; nothing is changed.

    Args:
        device: that is there.
    """
    if device.type == "cpu":
        return f"device: cpu, {torch.get_num_threads()} threads"
    products = (
        "float32 products use TF32, 10 bits of mantissa"
        if torch.backends.cuda.matmul.allow_tf32
        else "float32"
    )
    return f"device: {torch.cuda.get_device_name(device)}; {products}"


def peak_memory(device: torch.device) -> int:
    """Return the most memory that this process has held.

    Args:
        device: the processor, for the machine's memory; a CUDA device, for what torch held there.
    Returns:
        bytes.
    """
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, bytes or kilobytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
