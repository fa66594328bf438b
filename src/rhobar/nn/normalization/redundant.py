"""Which biases a model could do without, because what follows takes them away again.

Batch and instance normalisation subtract the mean of every channel, and with it any bias before them. Layer and group
normalisation subtract one mean for many channels, RMS normalisation none: there a bias stays. A softmax ignores a shift
of all its scores, which makes the bias of attention's keys redundant.

Instead of a list of such cases, the definition is measured: a bias is redundant if the output does not depend on it, so
that its gradient is 0 for any cotangent although that of its weight is not.

Textbook: A78
"""

import copy
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

__all__ = ["RedundantBias", "redundant_biases"]

# Gradients in double precision round at 1e-16 of the largest; between two normalisations that of a scale is smaller by
# ε / σ², up to 1e-6. A bias that matters has about the gradient of its weights divided by the size of their input.
_ROUNDING = 1e-9
_DRAWS = 2


@dataclass(frozen=True)
class RedundantBias:
    """A bias on which the output does not depend.

    Attributes:
        name: Of the parameter.
        entries: Its number of entries, all of them or those of them that are redundant.
        whole: Whether all are.
        sensitivity: The largest gradient of these entries over the largest of the weight's: rounding.
    """

    name: str
    entries: int
    whole: bool
    sensitivity: float


def redundant_biases(
    module: nn.Module,
    *inputs: Any,
    generator: torch.Generator | None = None,
) -> tuple[RedundantBias, ...]:
    """Return the biases that cannot change the output of a model in training mode.

    Works on a copy in double precision with random biases (a bias of zeros could hide behind a symmetry), with a random
    cotangent on every output; what two draws leave at rounding is redundant. Dropout is off, batch statistics are on:
    with running averages a bias before a batch normalisation does act.

    Args:
        module: Any model.
        inputs: One batch, as the forward takes it; of more than one sample for a batch normalisation.
        generator: Source of biases and cotangents.

    Example:
        >>> net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
        >>> redundant_biases(net, torch.randn(8, 3))[0].name
        '0.bias'
    """
    with torch.random.fork_rng(devices=[]):
        seed = torch.randint(2**31, (1,), generator=generator).item()
        seen = [_sensitivities(module, inputs, int(seed) + draw) for draw in range(_DRAWS)]
    found = []
    for name in seen[0]:
        each = torch.stack([draw[name] for draw in seen]).amax(0)
        gone = each <= _ROUNDING  # NaN, 0 / 0, is not
        if bool(gone.any()):
            found.append(RedundantBias(name, int(gone.sum()), bool(gone.all()), each[gone].max().item()))
    return tuple(found)


def _sensitivities(module: nn.Module, inputs: tuple[Any, ...], seed: int) -> dict[str, Tensor]:
    """Return for every bias |∂(cotangent · output)/∂b|, over the largest of the same for its weight."""
    torch.manual_seed(seed)
    model = copy.deepcopy(module).double().train()
    for part in model.modules():
        if isinstance(part, nn.modules.dropout._DropoutNd):
            part.eval()
    parameters = dict(model.named_parameters())
    biases = {name: p for name, p in parameters.items() if _weight_of(name) in parameters and p.ndim == 1}
    with torch.no_grad():
        for bias in biases.values():
            bias.normal_()
    with ExitStack() as stack:
        stack.enter_context(torch.enable_grad())
        outputs = [t for t in tree_leaves(model(*tree_map(_double, inputs))) if _differentiable(t)]
        total = torch.stack([(torch.randn_like(t) * t).sum() for t in outputs]).sum()
        names = [name for name in biases if parameters[_weight_of(name)].requires_grad and biases[name].requires_grad]
        wanted = [p for name in names for p in (biases[name], parameters[_weight_of(name)])]
        gradients = torch.autograd.grad(total, wanted, allow_unused=True)
    pairs = zip(names, gradients[::2], gradients[1::2], strict=True)
    return {name: b.abs() / _beside(w, len(b)) for name, b, w in pairs if b is not None and w is not None}


def _beside(weight_gradient: Tensor, entries: int) -> Tensor:
    """Return for every entry of a bias the largest gradient of the weight; 0 of a dead unit, which proves nothing."""
    size = weight_gradient.abs()
    alive = size.reshape(entries, -1).any(1) if len(size) == entries else size.any()
    return size.max() * alive


def _weight_of(bias: str) -> str:
    """Return the weight beside a bias in torch's names (in_proj_bias, bias_ih_l0); nothing for another parameter."""
    head, found, tail = bias.rpartition("bias")
    return f"{head}weight{tail}" if found else ""


def _double(leaf: Any) -> Any:  # noqa: ANN401
    return leaf.detach().double() if isinstance(leaf, Tensor) and leaf.is_floating_point() else leaf


def _differentiable(leaf: Any) -> bool:  # noqa: ANN401
    return isinstance(leaf, Tensor) and leaf.requires_grad
