"""The generalised Gauss–Newton matrix: the loss's curvature, pulled back through a linearised network.

    G = Σ_b c_b Jᵀ (∂²L/∂f∂fᵀ) J,      J = ∂f/∂θ.

H = G + Σ (∂L/∂f) ∂²f/∂θ², so G = H where f is linear in θ or the loss is stationary in f. G is positive semidefinite
for a loss that is convex in f. It equals the true Fisher where the loss is the negative log-likelihood of an
exponential family with f its natural parameter (cross-entropy on logits, squared error); else it does not.

References:
    Schraudolph (2002), Fast curvature matrix-vector products for second-order gradient descent, section 3.
    Martens (2020), New insights and perspectives on the natural gradient method, sections 8 and 9.
"""

from collections.abc import Iterable, Sequence

from torch import nn

from rhobar.linalg import LinearOperator
from rhobar.linalg.products import hessian_product
from rhobar.probes.curvature.chain import FlatProduct
from rhobar.probes.curvature.find_chain import linearised
from rhobar.probes.curvature.forward import checked, detached, forward
from rhobar.probes.curvature.risk import Batch, Loss, Product, Risk

__all__ = ["ggn"]


def ggn(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    *,
    names: Sequence[str] | None = None,
    weights: Sequence[float] | None = None,
    max_kept: int = 1,
) -> LinearOperator:
    """Return G as an operator on the flattened parameters.

    All that the loss does with parameters other than through the model's output is left out.

    Args:
        model: Any module, in the mode that is meant.
        loss: `loss(model(inputs), targets)`, a scalar.
        batches: Pairs (inputs, targets).
        names: Parameters by name; by default all that require gradients.
        weights: Weights of the batches instead of their shares of the samples.
        max_kept: Batches whose graphs are kept between products.

    Returns:
        The n × n operator.

    Note:
        A `ValueError` is raised if there is no batch or parameter; from the first product, if a batch is not a pair.

    Example:
        >>> import torch
        >>> model = nn.Linear(1, 1, bias=False)
        >>> x, y = torch.tensor([[1.0], [3.0]]), torch.ones(2, 1)
        >>> ggn(model, nn.MSELoss(), [(x, y)]) @ torch.ones(1)
        tensor([10.])
    """
    return Risk(model, loss, batches, names, weights, max_kept).operator(_product)


def _product(risk: Risk, batch: Batch) -> Product | FlatProduct:
    outputs = forward(risk.model, batch)
    f = detached(outputs)
    value = checked(risk.loss(outputs.rebuild(f), outputs.targets))
    return linearised(outputs.tensors, risk.edges(), hessian_product(value, f)[1])
