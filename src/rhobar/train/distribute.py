"""One model on many processes: DDP keeps the whole in each, FSDP2 a shard of every parameter."""

from collections.abc import Callable
from typing import Literal

from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.optimizer import Optimizer

from rhobar.train.ranks import Ranks

__all__ = ["distribute"]


def distribute(
    model: nn.Module, optimizer: Optimizer, ranks: Ranks, strategy: Literal["ddp", "fsdp"]
) -> tuple[nn.Module, Callable[[bool], None] | None]:
    """Prepare a model and its optimizer for many processes; all begin with the first one's weights.

    Gradients are averaged over processes: g = (1/W) Σ_r g_r.

    Args:
        model: The same network on every process.
        optimizer: Of its parameters; with FSDP it must not have taken a step, and gets the shards.
        ranks: The processes; with one, nothing changes.
        strategy: Which of the two.

    Returns:
        What to call forward, and a switch that turns the averaging off and on for the next backward pass.

    Reference: Li et al. (2020), PyTorch distributed: experiences on accelerating data parallel training.
    Textbook: B82
    """
    if not ranks.many:
        return model, None
    ranks.broadcast_(model, parameters=True)
    if strategy == "fsdp":
        from rhobar.train.shard import shard

        return model, shard(model, optimizer, ranks.world)
    device = next(model.parameters()).device
    replica = DistributedDataParallel(model, device_ids=[device.index] if device.type == "cuda" else None)

    def sync(on: bool) -> None:
        replica.require_backward_grad_sync = on

    return replica, sync
