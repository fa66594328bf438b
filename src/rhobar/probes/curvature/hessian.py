"""The Hessian of the empirical risk, by double backward on a kept graph.

    H = ∂²L/∂θ∂θᵀ,      H v = ∂(g(θ)ᵀ v)/∂θ,   g = ∂L/∂θ.

The graph of g is made once; a product is one backward pass through it. That is exact on every layer tried, and the
fastest way seen: `jvp` of a reverse-mode gradient is silently wrong through an affine layer norm, and
reverse over forward through train-mode batch norm. A chain of linear layers needs no such pass (see `chain`).

Textbook: B61 (part 13).

Reference: Pearlmutter (1994), Fast exact multiplication by the Hessian, section 3.
"""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction

from rhobar.linalg import LinearOperator
from rhobar.linalg.products import Product, hessian_product, nodes
from rhobar.probes.curvature.chain import FlatProduct
from rhobar.probes.curvature.find_chain import find_chain
from rhobar.probes.curvature.forward import loss_of
from rhobar.probes.curvature.risk import Batch, Loss, Risk

__all__ = ["hessian"]


def hessian(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    *,
    names: Sequence[str] | None = None,
    weights: Sequence[float] | None = None,
    max_kept: int = 1,
) -> LinearOperator:
    """Return H as an operator on the flattened parameters (see `ParameterSpace`).

    Args:
        model: Any module, in the mode that is meant.
        loss: `loss(model(inputs), targets)` for batches that are pairs, else `loss(model, batch)`; a scalar.
        batches: The data; of unequal batches each counts by its samples.
        names: Parameters by name, for a block of H; by default all that require gradients.
        weights: Weights of the batches instead of their shares of the samples.
        max_kept: Batches whose graphs are kept between products.

    Returns:
        The n × n operator. It holds the graph, and refuses to go on once a parameter has changed.

    Note:
        A `ValueError` is raised if there is no batch or parameter or, from the first product, the loss is no scalar.
        A `RuntimeError` comes from the first product if an operation on the way can be differentiated only once. An
        `autograd.Function` whose backward loses a path without saying so cannot be told; `symmetry_error` sees some.

    Example:
        >>> import torch
        >>> model = nn.Linear(1, 1, bias=False)  # L = mean (θ x)², H = 2 mean x²
        >>> x, y = torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)
        >>> hessian(model, nn.MSELoss(), [(x, y)]) @ torch.ones(1)
        tensor([10.])
    """
    return Risk(model, loss, batches, names, weights, max_kept).operator(_product)


def _product(risk: Risk, batch: Batch) -> Product | FlatProduct:
    value = loss_of(risk.model, risk.loss, batch)
    chain = find_chain([value], risk.edges())
    g, product = hessian_product(value, risk.edges() if chain is None else [chain.end])
    _check_twice_differentiable(value, [part for part in g if part is not None])
    return product if chain is None else chain.product(product, g[0])


def _check_twice_differentiable(value: Tensor, g: Sequence[Tensor]) -> None:
    """Refuse functions marked `once_differentiable`.

    They leave a node that raises, but with inputs given the engine never comes to it and the path is lost in silence.

    Raises:
        RuntimeError: If there is one.
    """
    if any(node.name() == "torch::autograd::Error" for node in nodes(g)):
        own = {node.name() for node in nodes([value]) if isinstance(node, BackwardCFunction)}
        raise RuntimeError(
            "All operations must be differentiable twice, but one of these can be differentiated only once: "
            f"{', '.join(sorted(own)) or 'an operation of torch'}; write it in operations that have one."
        )
