"""The restricted Boltzmann machine, and contrastive divergence.

E(v, h) = −hᵀ W v − aᵀ v − bᵀ h,      p(v, h) = e^(−E) / Z,      v and h binary

Within a layer the units are independent given the other layer, so that a Gibbs step samples one layer at once.

Textbook: C-§2.3, C-§2.4

References:
    Smolensky (1986), Information processing in dynamical systems: foundations of harmony theory.
    Hinton (2002), Training products of experts by minimizing contrastive divergence, equation 5.
"""

from dataclasses import dataclass
from itertools import product

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["RBM", "Divergence", "contrastive_divergence", "log_likelihood"]

_MOST_UNITS = 20


class RBM(nn.Module):
    """A machine of `visible` and `hidden` binary units.

    Args:
        visible: Number of visible units.
        hidden: Number of hidden units.
        scale: Standard deviation of the initial weights; Hinton's guide takes 0.01.
        generator: Source of the start.

    Example:
        >>> rbm = RBM(6, 3)
        >>> rbm(torch.zeros(1, 6)).shape
        torch.Size([1, 3])
    """

    def __init__(
        self, visible: int, hidden: int, *, scale: float = 0.01, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(scale * torch.randn(hidden, visible, generator=generator))
        self.visible_bias = nn.Parameter(torch.zeros(visible))
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))

    def forward(self, v: Float[Tensor, "*batch visible"]) -> Float[Tensor, "*batch hidden"]:
        """Return p(h = 1 | v) = σ(W v + b)."""
        return torch.sigmoid(v @ self.weight.T + self.hidden_bias)

    def backward_pass(self, h: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch visible"]:
        """Return p(v = 1 | h) = σ(Wᵀ h + a)."""
        return torch.sigmoid(h @ self.weight + self.visible_bias)

    def energy(self, v: Float[Tensor, "*batch visible"], h: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch"]:
        """Return E(v, h) = −hᵀ W v − aᵀ v − bᵀ h."""
        return -((v @ self.weight.T) * h).sum(-1) - v @ self.visible_bias - h @ self.hidden_bias

    def free_energy(self, v: Float[Tensor, "*batch visible"]) -> Float[Tensor, "*batch"]:
        """Return F(v) = −ln Σ_h e^(−E(v, h)) = −aᵀ v − Σ ln(1 + e^(W v + b)), so that p(v) = e^(−F(v)) / Z."""
        z = v @ self.weight.T + self.hidden_bias
        return -v @ self.visible_bias - nn.functional.softplus(z).sum(-1)


@dataclass(frozen=True)
class Divergence:
    """The direction of contrastive divergence, to be *added* to the parameters times a rate.

    Attributes:
        weight: ⟨h vᵀ⟩ of the data minus that of the chain.
        visible_bias: ⟨v⟩ of the data minus that of the chain.
        hidden_bias: ⟨h⟩ of the data minus that of the chain.
        end: The visible units at the end of the chain, from which the next one may start.
    """

    weight: Float[Tensor, "hidden visible"]
    visible_bias: Float[Tensor, " visible"]
    hidden_bias: Float[Tensor, " hidden"]
    end: Float[Tensor, "batch visible"]


@torch.no_grad()
def contrastive_divergence(
    rbm: RBM,
    v: Float[Tensor, "batch visible"],
    *,
    steps: int = 1,
    start: Float[Tensor, "batch visible"] | None = None,
    generator: torch.Generator | None = None,
) -> Divergence:
    """Return CD-k: ⟨h vᵀ⟩_data − ⟨h vᵀ⟩ after k Gibbs steps from the data.

    For k → ∞ it is the gradient of the log-likelihood; for k = 1 a biased, cheap stand-in. With `start`, the end of the
    last chain, it is persistent (Tieleman 2008). The hidden units enter by their probabilities, which lowers the noise.

    Args:
        rbm: The machine.
        v: Data in [0, 1].
        steps: k.
        start: Where the chain starts; at the data if None.
        generator: Source of the samples.

    Raises:
        ValueError: If there is no step.

    Example:
        >>> contrastive_divergence(RBM(6, 3), torch.ones(4, 6)).weight.shape
        torch.Size([3, 6])
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}.")
    chain = v if start is None else start
    for _ in range(steps):
        h = torch.bernoulli(rbm(chain), generator=generator)
        chain = torch.bernoulli(rbm.backward_pass(h), generator=generator)
    positive, negative = rbm(v), rbm(chain)
    weight = positive.T @ v / len(v) - negative.T @ chain / len(chain)
    return Divergence(weight, v.mean(0) - chain.mean(0), positive.mean(0) - negative.mean(0), chain)


def log_likelihood(rbm: RBM, v: Float[Tensor, "batch visible"]) -> Float[Tensor, ""]:
    """Return the mean of ln p(v) = −F(v) − ln Z, exactly, by all states of the smaller layer.

    Raises:
        ValueError: If both layers have more than 20 units: Z has too many terms.

    Example:
        >>> rbm = RBM(3, 2, scale=0.0)
        >>> log_likelihood(rbm, torch.ones(1, 3)).item() / torch.tensor(2.0).log().item()  # 3 fair coins, −3 ln 2
        -3.0
    """
    hidden, visible = rbm.weight.shape
    if min(hidden, visible) > _MOST_UNITS:
        raise ValueError(f"The smaller layer must have at most {_MOST_UNITS} units, got {visible} and {hidden}.")
    states = rbm.weight.new_tensor(list(product((0.0, 1.0), repeat=min(hidden, visible))))
    if visible <= hidden:
        log_z = torch.logsumexp(-rbm.free_energy(states), 0)
    else:
        z = states @ rbm.weight + rbm.visible_bias
        log_z = torch.logsumexp(states @ rbm.hidden_bias + nn.functional.softplus(z).sum(-1), 0)
    return -rbm.free_energy(v).mean() - log_z
