"""Which process of how many this one is, read from what torchrun or SLURM puts into the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from alexnet.errors import RunError


@final
@dataclass(frozen=True)
class ProcessRank:
    """A process among those of its run."""

    rank: int = 0
    """Its number, from 0, over all machines."""
    world_size: int = 1
    """How many there are, over all machines."""
    local_rank: int = 0
    """Its number, from 0, on its machine."""
    restarts: int = 0
    """How often torchrun has started them anew because one died."""
    address: str = ""
    """Where process 0 is met, for those that torchrun did not start."""
    port: int = 0
    """On which port."""


def process_rank(environment: Mapping[str, str]) -> ProcessRank:
    """Return where a process with this environment stands; alone where nothing says otherwise.

    torchrun's word goes before SLURM's, so that it can be started by srun, once a machine. Of SLURM only a
    step counts (srun): in a batch script the number of tasks is set too, but only one process runs.

    Raises:
        RunError: the numbers do not make sense.
    """
    if "RANK" in environment and "WORLD_SIZE" in environment:
        found = ProcessRank(
            rank=_number(environment, "RANK"),
            world_size=_number(environment, "WORLD_SIZE"),
            local_rank=_number(environment, "LOCAL_RANK"),
            restarts=_number(environment, "TORCHELASTIC_RESTART_COUNT"),
        )
    elif _number(environment, "SLURM_STEP_NUM_TASKS") > 1 and "SLURM_PROCID" in environment:
        job = _number(environment, "SLURM_JOB_ID")
        found = ProcessRank(
            rank=_number(environment, "SLURM_PROCID"),
            world_size=_number(environment, "SLURM_STEP_NUM_TASKS"),
            local_rank=_number(environment, "SLURM_LOCALID"),
            restarts=_number(environment, "SLURM_RESTART_COUNT"),
            address=environment.get("MASTER_ADDR") or first_host(environment["SLURM_STEP_NODELIST"]),
            port=_number(environment, "MASTER_PORT")
            or 20_000 + job % 20_000,  # two jobs on one machine differ
        )
    else:
        return ProcessRank()
    if not 0 <= found.rank < found.world_size:
        raise RunError(f"this is said to be process {found.rank} of {found.world_size}: ranks go from 0")
    return found


def first_host(nodes: str) -> str:
    """Return the first machine of a SLURM list such as `gpu[007-009,12],login`."""
    match = re.match(r"([^\[,]+)(?:\[(\d+)[^\]]*\]([^,]*))?", nodes)
    if match is None:
        raise RunError(f"SLURM_STEP_NODELIST={nodes!r} names no machine: set MASTER_ADDR")
    return match[1] + (match[2] or "") + (match[3] or "")


def _number(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "0")
    if not text.isdigit():
        raise RunError(f"{name}={text!r} in the environment is not a number")
    return int(text)
