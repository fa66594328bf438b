"""The empirical Fisher: the second moment of the gradients of single samples, at the data's own targets.

    E = (1/N) Σ_i g_i g_iᵀ = (1/N) J_ℓᵀ J_ℓ,      g_i = ∂ℓ_i/∂θ,   J_ℓ = ∂(ℓ_1 … ℓ_N)/∂θ.

It is not the Fisher, whose targets are drawn from the model: where the gradients vanish E does too, while the
curvature does not.

Textbook: B24 (part 6).

Reference: Kunstner, Balles and Hennig (2019), Limitations of the empirical Fisher approximation, section 3.
"""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from rhobar.linalg import LinearOperator
from rhobar.probes.curvature.chain import FlatProduct
from rhobar.probes.curvature.find_chain import linearised
from rhobar.probes.curvature.forward import forward
from rhobar.probes.curvature.per_sample import sample_losses
from rhobar.probes.curvature.risk import Batch, Loss, Product, Risk, num_samples

__all__ = ["empirical_fisher"]


def empirical_fisher(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    *,
    names: Sequence[str] | None = None,
    weights: Sequence[float] | None = None,
    max_kept: int = 1,
) -> LinearOperator:
    """Return E as an operator on the flattened parameters.

    Args:
        model: Any module, in the mode that is meant. Through train-mode batch norm g_i holds also what θ
            does to sample i by way of the others.
        loss: `loss(model(inputs), targets)`, the mean over the samples.
        batches: Pairs (inputs, targets).
        names: Parameters by name; by default all that require gradients.
        weights: Weights of the batches instead of their shares of the samples.
        max_kept: Batches whose graphs are kept between products.

    Returns:
        The n × n operator, positive semidefinite, of rank N at most.

    Note:
        A `ValueError` is raised if there is no batch or parameter; from the first product, if the loss is not a mean
        over samples.

    Example:
        >>> import torch
        >>> model = nn.Linear(1, 1, bias=False)  # g = 2 x (θ x − y)
        >>> x, y = torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)
        >>> _ = nn.init.ones_(model.weight)  # g = 2, 18
        >>> empirical_fisher(model, nn.MSELoss(), [(x, y)]) @ torch.ones(1)
        tensor([164.])
    """
    return Risk(model, loss, batches, names, weights, max_kept).operator(_product)


def _product(risk: Risk, batch: Batch) -> Product | FlatProduct:
    outputs, n = forward(risk.model, batch), num_samples(batch)
    losses = sample_losses(risk.loss, outputs.rebuild(outputs.tensors), outputs.targets, n)

    def middle(Jv: Sequence[Tensor]) -> list[Tensor | None]:
        return [Jv[0] / n]

    return linearised([losses], risk.edges(), middle)
