"""What the processes of a run say to each other, and which rows of a batch are whose.

One loss is shared by all: the sum of what each process adds for its rows. A gradient is
therefore complete once it is summed over the processes whose rows it lacks, and the gradient of gathered
values is the sum of what each process found for its use of them.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar, final

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from alexnet.distributed.heartbeat import Heartbeat
from alexnet.distributed.rank import ProcessRank, process_rank
from alexnet.errors import AlexNetError, PeerError, RunError, choices

SCHEMES: Final = ("data", "columns", "hybrid")
TIMEOUT: Final = timedelta(minutes=2)
"""How long one process waits for another before it gives up."""

RENDEZVOUS: Final = timedelta(minutes=10)
"""How long all have to be there: a machine may have to read its data first."""
PR_SET_PDEATHSIG: Final = 1  # from linux/prctl.h

Value = TypeVar("Value")


@final
class ProcessGroup:
    """The processes of a run, this one among them. Alone, nothing is sent and all rows are its own.

    Args:
        process_rank: which of how many this is; left out, alone.
        scheme: data, columns or hybrid: how they divide the work (docs/scaling.md).
    """

    def __init__(self, process_rank: ProcessRank | None = None, scheme: str = "data") -> None:
        if scheme not in SCHEMES:
            raise RunError(f"`{scheme}` is not a scheme; {choices(scheme, SCHEMES)}")
        self.process_rank = process_rank or ProcessRank()
        self.rank, self.size, self.scheme = self.process_rank.rank, self.process_rank.world_size, scheme

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    @property
    def is_distributed(self) -> bool:
        """Whether there are others."""
        return self.size > 1

    def share(self, rows: slice, multiple: int = 1) -> slice:
        """Return this process's share of consecutive rows: as many as the others', but for `multiple`.

        Shares begin at multiples of `multiple` from the first row; one may be empty.
        """
        return share(rows, self.rank, self.size, multiple)

    def reads(self, rows: slice, multiple: int = 1) -> slice:
        """Return the rows that this process puts through its network: with columns, each sees all of them."""
        return rows if self.scheme == "columns" else self.share(rows, multiple)

    def add(self, values: Tensor) -> Tensor:
        """Return the sum of every process's values, in all of them."""
        if not self.is_distributed:
            return values
        total = values.clone()
        with translating_peer_errors():
            dist.all_reduce(total)
        return total

    def largest(self, *values: float) -> tuple[float, ...]:
        """Return the largest of each number over the processes: what one has heard, all have."""
        if not self.is_distributed:
            return values
        found = torch.tensor(values, dtype=torch.float64)
        with translating_peer_errors():
            dist.all_reduce(found, dist.ReduceOp.MAX)
        return tuple(found.tolist())

    def from_first(self, make: Callable[[], Value]) -> Value:
        """Return what `make` returns in the first process, in all of them; its error is everyone's.

        Raises:
            PeerError: `make` raised in the first process; that one raises the error itself.
        """
        if not self.is_distributed:
            return make()
        answer: list[Any] = [None, None]
        failure: AlexNetError | None = None
        if self.is_first:
            try:
                answer[0] = make()
            except AlexNetError as error:
                failure, answer[1] = error, str(error)
        with translating_peer_errors():
            dist.broadcast_object_list(answer, src=0)
        if failure is not None:
            raise failure
        if answer[1] is not None:
            raise PeerError(f"process {self.rank} ends with the first one: {answer[1]}")
        made: Value = answer[0]
        return made

    def collect(self, own: Value) -> list[Value]:
        """Return what every process gives, in the order of the processes: anything that pickles."""
        if not self.is_distributed:
            return [own]
        found: list[Any] = [None] * self.size
        with translating_peer_errors():
            dist.all_gather_object(found, own)
        return found

    def gather(self, x: Tensor, dimension: int, sizes: Sequence[int]) -> Tensor:
        """Put every process's `x` end to end along a dimension, in the order of the processes; differentiable.

        `sizes` are everyone's along this dimension; the other dimensions are alike.
        """
        if not self.is_distributed:
            return x
        gathered: Tensor = _Gather.apply(x, self, dimension, list(sizes))  # type: ignore[no-untyped-call]  # torch's
        return gathered

    def sizes(self, total: int) -> list[int]:
        """Return how many of `total` things are each process's share."""
        shares = [share(slice(0, total), rank, self.size) for rank in range(self.size)]
        return [own.stop - own.start for own in shares]

    def all_gather_sizes(self, own: int) -> list[int]:
        """Return every process's number, in the order of the processes."""
        if not self.is_distributed:
            return [own]
        found = torch.zeros(self.size, dtype=torch.int64)
        found[self.rank] = own
        with translating_peer_errors():
            dist.all_reduce(found)
        return [int(size) for size in found]


def share(rows: slice, rank: int, count: int, multiple: int = 1) -> slice:
    """Return the share of one process of `count`; see `ProcessGroup.share`."""
    blocks = -(-(rows.stop - rows.start) // multiple)
    first, last = (rows.start + blocks * number // count * multiple for number in (rank, rank + 1))
    return slice(first, min(last, rows.stop))


ALONE: Final = ProcessGroup()


@contextlib.contextmanager
def joined(scheme: str = "data", timeout: timedelta = TIMEOUT) -> Iterator[ProcessGroup]:
    """Join the processes that the environment speaks of, and part from them at the end.

    Args:
        scheme: how they divide the work.
        timeout: how long one waits for another before it gives up and says which one is silent.
    Raises:
        RunError: the environment does not make sense, or the others cannot be met.
    """
    found = process_rank(os.environ)
    group = ProcessGroup(found, scheme)
    if not group.is_distributed:
        yield group
        return
    _follow()
    backend = "gloo"
    if torch.cuda.is_available():
        backend = "cpu:gloo,cuda:nccl"
        torch.cuda.set_device(found.local_rank % torch.cuda.device_count())  # what "cuda" means from here on
    method = f"tcp://{found.address}:{found.port}" if found.address else "env://"
    try:
        store, _, _ = next(rendezvous(method, found.rank, found.world_size, timeout=RENDEZVOUS))
        # torchrun keeps its store when it begins processes again, with the addresses of those that died.
        store = PrefixStore(f"start {found.restarts}", store)
        dist.init_process_group(
            backend, store=store, rank=found.rank, world_size=found.world_size, timeout=timeout
        )
    except (RuntimeError, ValueError) as error:
        raise RunError(f"process {found.rank} cannot meet the others ({_line(error)})") from error
    _heartbeats.append(heartbeat := Heartbeat(store, found.rank, found.world_size))
    try:
        yield group
    finally:
        _heartbeats.remove(heartbeat)
        heartbeat.end()
        with contextlib.suppress(RuntimeError):  # the others may be gone
            dist.destroy_process_group()


_heartbeats: list[Heartbeat] = []  # of the group that is joined: torch.distributed has one a process


@contextlib.contextmanager
def translating_peer_errors() -> Iterator[None]:
    """Translate the end of a peer in the middle of a conversation."""
    for heartbeat in _heartbeats:
        heartbeat.spoke()
    try:
        yield
    except RuntimeError as error:
        late = "imed out" in str(error)  # else its connection broke, and it has ended
        missing = next((heartbeat.missing() for heartbeat in _heartbeats), None) if late else None
        raise PeerError(
            f"process {dist.get_rank()} ends: {missing}; end what is left of it, and --resume goes on from the last "
            "checkpoint (--timeout SECONDS waits longer)"
            if missing
            else f"process {dist.get_rank()} ends because another one ended or has long been silent "
            f"({_line(error)}): that one's message says why; --resume goes on from the last checkpoint"
        ) from error


_all_gather = getattr(dist, "all_gather_single", dist.all_gather_into_tensor)  # the same, renamed


@final
class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, group: ProcessGroup, dimension: int, sizes: list[int]) -> Tensor:
        rows = x.movedim(dimension, 0).contiguous()
        ctx.group, ctx.dimension, ctx.sizes = group, dimension, sizes
        longest = max(sizes)
        if len(rows) < longest:  # collectives want equal sizes
            rows = torch.cat([rows, rows.new_zeros((longest - len(rows), *rows.shape[1:]))])
        whole = rows.new_empty((longest * len(sizes), *rows.shape[1:]))
        with translating_peer_errors():
            _all_gather(whole, rows)
        if min(sizes) < longest:
            parts = whole.split(longest)
            whole = torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])
        return whole.movedim(0, dimension).contiguous()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        """Send everyone the part of the gradient that is its own, and sum the parts that come."""
        group, sizes = ctx.group, ctx.sizes
        rows = gradients[0].movedim(ctx.dimension, 0).contiguous()
        own = sizes[group.rank]
        found = rows.new_empty((own * len(sizes), *rows.shape[1:]))
        with translating_peer_errors():
            dist.all_to_all_single(found, rows, [own] * len(sizes), sizes)
        total = found.unflatten(0, (len(sizes), own)).sum(0) if own else found
        return total.movedim(0, ctx.dimension), None, None, None


def _follow() -> None:
    """Ask the kernel for SIGTERM when torchrun is killed, which could not tell us: no process outlives it."""
    if sys.platform == "linux" and "TORCHELASTIC_RUN_ID" in os.environ:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
