"""Mixup: train on mixtures of two samples and of their losses."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rhobar.train.objective import Objective, answer, is_pair

__all__ = ["Mixture", "draw_mixture", "mixed_cost"]


@dataclass(frozen=True)
class Mixture:
    """How the samples of one batch are mixed.

    Attributes:
        share: λ, the share of a sample itself.
        partner: For each sample, which one it is mixed with.
    """

    share: float
    partner: Int[Tensor, " batch"]

    def mix(self, x: Float[Tensor, " *rows"]) -> Float[Tensor, " *rows"]:
        """Return λ x + (1 − λ) x[partner]."""
        return torch.lerp(x[self.partner], x, self.share)


def draw_mixture(num_rows: int, alpha: float, generator: torch.Generator | None = None) -> Mixture:
    """Draw λ ~ Beta(α, α) and a random partner for every sample.

    λ = a/(a + b) for a, b ~ Gamma(α, 1). Mean ½, variance 1/(4(2α + 1)): a small α mixes rarely, α = 1 uniformly.

    Args:
        num_rows: Samples of the batch.
        alpha: α > 0; 0.2 is usual.
        generator: Where the numbers come from; torch's global one if None.

    Example:
        >>> mixture = draw_mixture(4, 0.2, torch.Generator().manual_seed(0))
        >>> 0 <= mixture.share <= 1, sorted(mixture.partner.tolist())
        (True, [0, 1, 2, 3])

    Reference: Zhang et al. (2018), mixup: beyond empirical risk minimization, section 2.
    Textbook: A92
    """
    a, b = torch._standard_gamma(torch.full((2,), alpha, dtype=torch.float64), generator).tolist()
    share = a / (a + b) if a + b > 0 else float(torch.randint(2, (), generator=generator))
    return Mixture(share, torch.randperm(num_rows, generator=generator))


def mixed_cost(model: nn.Module, loss: Objective, batch: Any, mixture: Mixture) -> Tensor:  # noqa: ANN401
    """Return λ L(f(x̃), y) + (1 − λ) L(f(x̃), y[partner]) with x̃ = λ x + (1 − λ) x[partner].

    For a loss that is linear in the target, as cross-entropy is, this is the loss at the mixed target.

    Raises:
        TypeError: If the batch is not a pair of floating inputs and targets.

    Reference: Zhang et al. (2018), equation 2.
    """
    if not (is_pair(batch) and isinstance(batch[0], Tensor) and batch[0].is_floating_point()):
        raise TypeError(
            "mixup needs batches (inputs, targets) with inputs that are one floating tensor, "
            f"got {type(batch).__name__}; integers such as tokens cannot be mixed: use mixup=0."
        )
    inputs, targets = batch
    mixture = Mixture(mixture.share, mixture.partner.to(inputs.device))
    outputs = answer(model, mixture.mix(inputs))
    share = mixture.share
    return share * loss(outputs, targets) + (1 - share) * loss(outputs, targets[mixture.partner])
