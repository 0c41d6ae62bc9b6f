"""Which process this is, by what torchrun and SLURM say."""

import pytest

from alexnet.distributed.rank import ProcessRank, first_host, process_rank
from alexnet.errors import RunError


def test_alone_where_nothing_is_said() -> None:
    assert process_rank({}) == ProcessRank()


def test_torchrun_is_believed_before_slurm() -> None:
    environment = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "TORCHELASTIC_RESTART_COUNT": "2"}
    slurm = {"SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NODELIST": "a,b"}
    assert process_rank(environment | slurm) == ProcessRank(3, 4, 1, 2)


def test_a_step_of_srun() -> None:
    environment = {
        "SLURM_PROCID": "5",
        "SLURM_STEP_NUM_TASKS": "8",
        "SLURM_LOCALID": "1",
        "SLURM_STEP_NODELIST": "gpu[003-004,7]",
        "SLURM_JOB_ID": "1234567",
    }
    assert process_rank(environment) == ProcessRank(5, 8, 1, 0, "gpu003", 20_000 + 1234567 % 20_000)
    assert process_rank(environment | {"MASTER_ADDR": "x", "MASTER_PORT": "29"}) == ProcessRank(
        5, 8, 1, 0, "x", 29
    )


def test_a_batch_script_of_slurm_is_alone() -> None:
    """There the number of tasks is set, but only one process runs: waiting for the others would be for ever."""
    assert process_rank({"SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_JOB_ID": "1"}) == ProcessRank()


@pytest.mark.parametrize(
    ("nodes", "first"),
    [("node1", "node1"), ("a,b", "a"), ("gpu[007-009,12]", "gpu007"), ("r[1-2]n,x", "r1n"), ("n[3],m", "n3")],
)
def test_first_host_of_a_list(nodes: str, first: str) -> None:
    assert first_host(nodes) == first


@pytest.mark.parametrize("rank", ["2", "-1", "x"])
def test_numbers_that_make_no_sense_are_refused(rank: str) -> None:
    with pytest.raises(RunError, match=rank):
        process_rank({"RANK": rank, "WORLD_SIZE": "2"})
