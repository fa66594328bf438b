"""FSDP2: every process keeps a shard of every parameter, and of the optimizer's state.

Imported only where it is asked for: the modules behind it take a second to load.

Reference: Zhao et al. (2023), PyTorch FSDP: experiences on scaling fully sharded data parallel.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim.optimizer import Optimizer

__all__ = ["cut", "full_state", "load_full_state", "shard", "whole"]


def shard(model: nn.Module, optimizer: Optimizer, world: int) -> Callable[[bool], None]:
    """Shard a model in place, block by block, and hand its optimizer the shards.

    Args:
        model: The network; each member of its module lists is gathered and freed as one.
        optimizer: Of its parameters, before its first step.
        world: Number of processes.

    Returns:
        A switch that turns the averaging of gradients off and on for the next backward pass.

    Raises:
        ValueError: If the optimizer has state.
    """
    if optimizer.state:
        raise ValueError(
            "fsdp shards the parameters, so the optimizer must be new, got one with state; to go on with a training, "
            "name its checkpoint."
        )
    mesh = init_device_mesh(next(model.parameters()).device.type, (world,))
    names = {id(p): name for name, p in model.named_parameters()}
    for blocks in [m for m in model.modules() if isinstance(m, nn.ModuleList)]:
        for block in blocks:
            if not isinstance(block, FSDPModule):
                fully_shard(block, mesh=mesh)
    sharded: Any = fully_shard(model, mesh=mesh)
    shards = dict(model.named_parameters())
    for group in optimizer.param_groups:
        group["params"] = [shards[names[id(p)]] for p in group["params"]]
    switch: Callable[[bool], None] = sharded.set_requires_gradient_sync
    return switch


def full_state(model: nn.Module, optimizer: Optimizer) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the states of model and optimizer as one process alone would have them, on the first process."""
    whole = StateDictOptions(full_state_dict=True, cpu_offload=True)
    weights = get_model_state_dict(model, options=whole)
    by_name: dict[str, Any] = get_optimizer_state_dict(model, optimizer, options=whole)
    groups = by_name.get("param_groups", [])
    numbers = {name: i for i, name in enumerate(name for group in groups for name in group["params"])}
    return weights, {
        "state": {numbers[name]: value for name, value in by_name.get("state", {}).items()},
        "param_groups": [{**group, "params": [numbers[name] for name in group["params"]]} for group in groups],
    }


def load_full_state(model: nn.Module, optimizer: Optimizer, weights: dict[str, Any], state: dict[str, Any]) -> None:
    """Cut what `full_state` returned into the shards of as many processes as there are now."""
    whole = StateDictOptions(full_state_dict=True)
    set_model_state_dict(model, weights, options=whole)
    names = {id(p): name for name, p in model.named_parameters()}
    order = [names[id(p)] for group in optimizer.param_groups for p in group["params"]]
    by_name: dict[str, Any] = {
        "state": {order[i]: value for i, value in state["state"].items()},
        "param_groups": [{**g, "params": [order[i] for i in g["params"]]} for g in state["param_groups"]],
    }
    set_optimizer_state_dict(model, optimizer, by_name, options=whole)
    torch.distributed.barrier()


def whole(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return shards of weights as whole tensors; all processes must call it."""
    return {name: t.full_tensor() if isinstance(t, DTensor) else t for name, t in weights.items()}


def cut(weights: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Return whole weights as this process's shards of them, laid out as the model's own are."""
    own = model.state_dict()
    return {
        name: distribute_tensor(t, own[name].device_mesh, own[name].placements) if isinstance(own[name], DTensor) else t
        for name, t in weights.items()
    }
