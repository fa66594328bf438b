"""The true Fisher information of the model's own distribution of targets, exactly.

    F = E_x E_{y ~ p(·|f(x))} [∇ log p(y|f) ∇ log p(y|f)ᵀ] = Jᵀ F_f J,      F_f = ∂² KL(p_f₀ ‖ p_f)/∂f² at f = f₀.

The expectation over y is that of the model, not over the data's targets, which do not enter. It is taken in
closed form, by the second derivative of the Kullback–Leibler divergence; no target is sampled.

Textbook: B24 (part 6).

References:
    Amari (1998), Natural gradient works efficiently in learning, section 2.
    Martens (2020), New insights and perspectives on the natural gradient method, section 5.
"""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn
from torch.distributions import kl_divergence

from rhobar.linalg import LinearOperator
from rhobar.linalg.products import hessian_product
from rhobar.probes.curvature.chain import FlatProduct
from rhobar.probes.curvature.find_chain import linearised
from rhobar.probes.curvature.forward import detached, forward
from rhobar.probes.curvature.likelihoods import Likelihood, likelihood_of
from rhobar.probes.curvature.risk import Batch, Loss, Product, Risk

__all__ = ["fisher"]


def fisher(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    *,
    likelihood: Likelihood | None = None,
    names: Sequence[str] | None = None,
    weights: Sequence[float] | None = None,
    max_kept: int = 1,
) -> LinearOperator:
    """Return F as an operator on the flattened parameters.

    As the loss does, F averages over the elements of a batch: samples, and tokens or pixels where the loss has
    one term for each. So it has the scale of the Hessian of that loss.

    Args:
        model: Any module, in the mode that is meant.
        loss: A loss whose likelihood is known (see `likelihood_of`); not used if `likelihood` is given.
        batches: Pairs (inputs, targets).
        likelihood: The distribution of the targets as a function of the model's output.
        names: Parameters by name; by default all that require gradients.
        weights: Weights of the batches instead of their shares of the samples.
        max_kept: Batches whose graphs are kept between products.

    Returns:
        The n × n operator, positive semidefinite.

    Note:
        A `ValueError` is raised if the likelihood of the loss is not known, or there is no batch or parameter.

    Example:
        >>> import torch
        >>> model = nn.Linear(1, 1, bias=False)  # variance 1/2: F = 2 mean x²
        >>> x, y = torch.tensor([[1.0], [3.0]]), torch.ones(2, 1)
        >>> fisher(model, nn.MSELoss(), [(x, y)]) @ torch.ones(1)
        tensor([10.0000])
    """
    chosen = likelihood or likelihood_of(loss)

    def product(risk: Risk, batch: Batch) -> Product | FlatProduct:
        outputs = forward(risk.model, batch)
        f = detached(outputs)
        p0, p = chosen(outputs.rebuild([x.detach() for x in f])), chosen(outputs.rebuild(f))
        divergence: Tensor = kl_divergence(p0, p)
        return linearised(outputs.tensors, risk.edges(), hessian_product(divergence.mean(), f)[1])

    return Risk(model, loss, batches, names, weights, max_kept).operator(product)
