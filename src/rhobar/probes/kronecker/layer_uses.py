"""Linear layers and convolutions in an autograd graph, with their inputs and outputs as rows.

The graph, not the modules, is read, as in `rhobar.probes.noise`: a matrix used through `F.linear`, by
`nn.MultiheadAttention`, at every step of a recurrent cell or tied to another layer is found where it is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node

from rhobar.probes.noise.convolution import has_patches, unfolded
from rhobar.probes.noise.uses import Use, find_uses

__all__ = ["LayerUse", "find_layer_uses"]

_INPUT = {("AddmmBackward0", 2): "_saved_mat1", ("MmBackward0", 1): "_saved_self", ("ConvolutionBackward0", 1): ""}
"""By operation and slot of the weight, the name of the saved input; empty for patches."""
_BIAS = {"AddmmBackward0": 0, "ConvolutionBackward0": 2}


@dataclass(frozen=True)
class LayerUse:
    """One place where a layer is applied.

    Attributes:
        node: The operation.
        weight: The name of its weight.
        bias: The name of its bias; `None` if it has none that is measured.
        slot: Where the weight enters.
        shape: Of the weight.
    """

    node: Node
    weight: str
    bias: str | None
    slot: int
    shape: torch.Size

    @property
    def output(self) -> GradientEdge:
        """Where its output is."""
        return GradientEdge(self.node, 0)

    def inputs(self) -> Float[Tensor, "batch inputs places"]:
        """Return a; for a convolution, the patches."""
        saved, node = _INPUT[self.node.name(), self.slot], _any(self.node)
        return _wide(getattr(node, saved)).T[None] if saved else unfolded(node, node._saved_input, self.shape)

    def gradients(self, delta: Tensor) -> Float[Tensor, "batch outputs places"]:
        """Return δ in the same rows."""
        return _wide(delta).T[None] if _INPUT[self.node.name(), self.slot] else _wide(delta).flatten(2)


def find_layer_uses(
    graph: Sequence[Node], edges: Sequence[GradientEdge], names: Sequence[str]
) -> tuple[list[LayerUse], dict[str, str]]:
    """Return the layers' applications, and the parameters that do not only enter such, each with the reason.

    Args:
        graph: All nodes.
        edges: Where each parameter enters.
        names: Of the parameters.
    """
    uses = find_uses(graph, edges)
    missing = {names[use.parameter]: reason for use in uses if (reason := _refusal(use))}
    entered = {use.parameter for use in uses}
    missing |= {name: "the output does not depend on it" for i, name in enumerate(names) if i not in entered}
    bias_at = {use.node: names[use.parameter] for use in uses if _is_bias(use) and names[use.parameter] not in missing}
    layers = [
        LayerUse(use.node, names[use.parameter], bias_at.get(use.node), use.slot, use.shape)
        for use in uses
        if not _is_bias(use) and names[use.parameter] not in missing
    ]
    biases: dict[str, set[str | None]] = {}
    for layer in layers:
        biases.setdefault(layer.weight, set()).add(layer.bias)
    missing |= {weight: "it is used with several biases" for weight, given in biases.items() if len(given) > 1}
    layers = [layer for layer in layers if layer.weight not in missing]
    measured = {layer.bias for layer in layers}
    missing |= {name: "its weight is not measured" for name in bias_at.values() if name not in measured}
    return layers, missing


def _is_bias(use: Use) -> bool:
    return use.slot == _BIAS.get(use.node.name())


def _refusal(use: Use) -> str:
    """Return why a use is not that of a linear layer; empty if it is."""
    name = use.node.name()
    if use.view is not None:
        return f"a part of it enters {name}"
    if name == "ConvolutionBackward0":
        return "" if has_patches(use.node, _kernel(use)) else "its convolution is no plain one in 1 or 2 dimensions"
    if any(getattr(use.node, f"_saved_{factor}", 1) != 1 for factor in ("alpha", "beta")):
        return f"it is scaled in {name}"
    if _is_bias(use) or ((name, use.slot) in _INPUT and use.transposed):
        return ""
    return f"it enters {name}, which is no linear layer"


def _kernel(use: Use) -> torch.Size:
    shape: torch.Size = _any(use.node)._saved_weight.shape
    return shape


def _any(node: Node) -> Any:  # noqa: ANN401
    """Return a node as what its saved attributes are not known of."""
    return node


def _wide(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
