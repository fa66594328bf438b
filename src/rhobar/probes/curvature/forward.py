"""One forward pass on a batch: the loss, or the outputs and a loss of them alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from rhobar.probes.curvature.risk import Batch, Loss

__all__ = ["Outputs", "forward", "loss_of"]


@dataclass(frozen=True)
class Outputs:
    """What a model returned.

    Attributes:
        tensors: Its floating tensors that depend on the parameters.
        targets: The batch's targets.
        rebuild: Makes the model's output anew from other such tensors.
    """

    tensors: list[Tensor]
    targets: Any
    rebuild: Callable[[list[Tensor]], Any]


def loss_of(model: nn.Module, loss: Loss, batch: Batch) -> Tensor:
    """Return the loss of one batch, a scalar."""
    if isinstance(batch, tuple | list) and len(batch) == 2:
        inputs, targets = batch
        value = loss(_outputs(model, inputs), targets)
    else:
        value = loss(model, batch)
    return checked(value)


def checked(value: Tensor) -> Tensor:
    """Return a loss that is a scalar.

    Raises:
        ValueError: If it is not.
    """
    if not (isinstance(value, Tensor) and value.numel() == 1 and value.is_floating_point()):
        what = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"The loss must return one floating number, got {what}; reduce it, for instance by mean().")
    return value.reshape(())


def forward(model: nn.Module, batch: Batch) -> Outputs:
    """Run the model on the batch's inputs.

    Raises:
        ValueError: If the batch is not a pair, or no floating output depends on the parameters.
    """
    if not (isinstance(batch, tuple | list) and len(batch) == 2):
        raise ValueError(
            f"A batch must be a pair (inputs, targets) where the model's outputs matter, got {type(batch).__name__}; "
            "only the Hessian can do with loss(model, batch)."
        )
    inputs, targets = batch
    leaves, spec = pytree.tree_flatten(_outputs(model, inputs))
    places = [i for i, t in enumerate(leaves) if isinstance(t, Tensor) and t.is_floating_point() and t.requires_grad]
    if not places:
        raise ValueError(
            "The model's output must hold a floating tensor that depends on the chosen parameters, and holds "
            f"{[type(leaf).__name__ for leaf in leaves]}; return tensors, in tuples, lists or mappings."
        )

    def rebuild(tensors: list[Tensor]) -> Any:  # noqa: ANN401
        changed = list(leaves)
        for place, tensor in zip(places, tensors, strict=True):
            changed[place] = tensor
        return pytree.tree_unflatten(changed, spec)

    return Outputs([leaves[i] for i in places], targets, rebuild)


def _outputs(model: nn.Module, inputs: Any) -> Any:  # noqa: ANN401
    return model(*inputs) if isinstance(inputs, tuple) else model(inputs)


def detached(outputs: Outputs) -> list[Tensor]:
    """Return the outputs' values, with a graph that starts at them."""
    return [torch.clone(o.detach()).requires_grad_() for o in outputs.tensors]
