"""The processes of one training: who I am, and what we must agree on.

`torchrun --nproc-per-node N script.py` starts N of them. Each takes its share of the rows of every batch, so that a
batch is as large as with one process and so is the step.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from rhobar.train.objective import rows_of

__all__ = ["RankLost", "Ranks", "this_rank"]


class RankLost(RuntimeError):
    """Another process of the training has ended."""


@dataclass(frozen=True)
class Ranks:
    """This process among the others.

    Attributes:
        rank: Which one this is, from 0.
        world: How many there are.
    """

    rank: int = 0
    world: int = 1

    @property
    def many(self) -> bool:
        """Whether there is more than one process."""
        return self.world > 1

    def share(self, batch: Any) -> tuple[Any, int, int]:  # noqa: ANN401
        """Cut this process's rows out of a batch that all have.

        A process for which no row is left takes the first one with weight 0, so that it does not miss a collective.

        Returns:
            The rows, how many of them count, and how many the whole batch has.
        """
        total = rows_of(batch)
        if not self.many:
            return batch, total, total
        begin, end = total * self.rank // self.world, total * (self.rank + 1) // self.world
        count = end - begin
        return _rows(batch, total, slice(begin, end) if count else slice(0, 1)), count, total

    def sum(self, value: Tensor) -> Tensor:
        """Return the sum over all processes; in place."""
        if self.many:
            dist.all_reduce(value)
        return value

    def agree(self, number: int) -> int:
        """Return the number that the first process has."""
        if not self.many:
            return number
        told = torch.tensor([number], dtype=torch.int64, device=_collective_device())
        dist.broadcast(told, 0)
        return int(told)

    def broadcast_(self, module: nn.Module, *, parameters: bool = False) -> None:
        """Give the first process's buffers, and parameters if asked for, to all."""
        if self.many:
            for tensor in [*module.buffers(), *(module.parameters() if parameters else ())]:
                dist.broadcast(tensor.data, 0)

    def gather(self, state: object) -> list[Any]:
        """Return what each process has, on every process."""
        if not self.many:
            return [state]
        states: list[Any] = [None] * self.world
        dist.all_gather_object(states, state)
        return states

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn the backend's error about a vanished peer into a sentence.

        Raises:
            RankLost: If a collective failed because another process has ended.
            RuntimeError: As it came, for all other reasons.
        """
        try:
            yield
        except RuntimeError as error:
            if not self.many or not _is_lost(error):
                raise
            raise RankLost(
                f"Process {self.rank} of {self.world} stops: another process of this training has ended, so the "
                f"gradients cannot be averaged any more. See that process's own output for the reason; start again "
                f"with the same `checkpoint` to go on from where the last one was written. ({error})"
            ) from error


def _is_lost(error: RuntimeError) -> bool:
    text = str(error).lower()
    signs = ("connection closed", "connection reset", "broken pipe", "timed out", "socket", "peer", "gloo", "nccl")
    return isinstance(error, dist.DistError) or any(sign in text for sign in signs)


def _rows(batch: Any, total: int, rows: slice) -> Any:  # noqa: ANN401
    """Cut rows out of every tensor of a batch that has one row a sample."""
    if isinstance(batch, Tensor):
        return batch[rows] if batch.ndim and len(batch) == total else batch
    if isinstance(batch, Mapping):
        return {key: _rows(part, total, rows) for key, part in batch.items()}
    if isinstance(batch, tuple | list):
        parts = [_rows(part, total, rows) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)
    return batch


def _collective_device() -> torch.device:
    on_gpu = dist.get_backend() == "nccl"
    return torch.device("cuda", torch.cuda.current_device()) if on_gpu else torch.device("cpu")


def this_rank() -> Ranks:
    """Return this process's place; joins the others if `torchrun` started it and nobody has joined yet."""
    if not dist.is_available():
        return Ranks()
    if not dist.is_initialized():
        if int(os.environ.get("WORLD_SIZE", "1")) <= 1 or "RANK" not in os.environ:
            return Ranks()
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return Ranks(dist.get_rank(), dist.get_world_size())
