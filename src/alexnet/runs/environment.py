"""What a run's numbers may depend on: versions, machine, threads, device."""

import platform
import sys
from typing import Any

import numpy as np
import torch

from alexnet.device import describe_device
from alexnet.distributed.group import ProcessGroup
from alexnet.version import VERSION


def environment(device: torch.device, group: ProcessGroup) -> dict[str, Any]:
    """Return what a run's numbers may depend on, as plain values: versions, machine, threads, device and processes.

    Args:
        device: where it computes.
        group: who train together.
    """
    scheme = {"scheme": group.scheme} if group.is_distributed else {}
    return {
        "alexnet": VERSION,
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.platform(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "device": describe_device(device).removeprefix("device: ") if device.type == "cuda" else "cpu",
        "processes": group.size,
        **scheme,
    }
