"""What a network's outputs mean: distributions whose Fisher information is known.

For outputs f that are the natural parameters of p(y | f), torch's mean losses are (1/n) Σ −log p(yᵢ | fᵢ), and the
Fisher information of the parameters is F = Jᵀ S J with J = ∂f/∂θ and

    S = (1/n) E_{y ~ p(y | f)}[ ∇_f log p ∇_f log pᵀ ].

The expectation is over the model's own y. With the labels of the data in their place it would be the empirical
Fisher, another matrix, which is not a curvature.

Reference: Martens (2020), New insights and perspectives on the natural gradient method, sections 5 and 11.
Textbook: B24
"""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

__all__ = ["LIKELIHOODS", "Bernoulli", "Categorical", "Gaussian", "Likelihood", "likelihood_of"]


class Likelihood(ABC):
    """p(y | f) for outputs f of shape (batch, …)."""

    @abstractmethod
    def num_predictions(self, outputs: Float[Tensor, " batch *rest"]) -> int:
        """Return n, over which the mean loss averages."""

    @abstractmethod
    def fisher_product(
        self, outputs: Float[Tensor, " batch *rest"], direction: Float[Tensor, " batch *rest"]
    ) -> Float[Tensor, " batch *rest"]:
        """Return S u for a direction u in the space of outputs."""

    @abstractmethod
    def sampled_loss(
        self, outputs: Float[Tensor, " batch *rest"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, ""]:
        """Return Σ −log p(y | f), the sum and not the mean, for y drawn from p(y | f) itself."""


class Categorical(Likelihood):
    """Logits, classes second: the distribution behind `F.cross_entropy`."""

    def num_predictions(self, outputs: Float[Tensor, " batch *rest"]) -> int:
        """Return the number of class choices.

        Raises:
            ValueError: If there is no axis of classes.
        """
        if outputs.ndim < 2:
            raise ValueError(
                f"Logits must have the shape (batch, classes, …), got {tuple(outputs.shape)}; "
                "a single logit is Bernoulli's."
            )
        return outputs.numel() // outputs.shape[1]

    def fisher_product(
        self, outputs: Float[Tensor, " batch *rest"], direction: Float[Tensor, " batch *rest"]
    ) -> Float[Tensor, " batch *rest"]:
        """S u = (p ⊙ u − p (p·u))/n with p the softmax."""
        p = outputs.softmax(1)
        pu = p * direction
        return (pu - p * pu.sum(1, keepdim=True)) / self.num_predictions(outputs)

    def sampled_loss(
        self, outputs: Float[Tensor, " batch *rest"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, ""]:
        """Cross entropy with sampled classes."""
        logits = outputs.movedim(1, -1).reshape(self.num_predictions(outputs), -1)
        drawn = torch.multinomial(logits.detach().softmax(1), 1, generator=generator).squeeze(1)
        return F.cross_entropy(logits, drawn, reduction="sum")


class Bernoulli(Likelihood):
    """One logit per yes or no: the distribution behind `F.binary_cross_entropy_with_logits`."""

    def num_predictions(self, outputs: Float[Tensor, " batch *rest"]) -> int:
        """Return the number of logits."""
        return outputs.numel()

    def fisher_product(
        self, outputs: Float[Tensor, " batch *rest"], direction: Float[Tensor, " batch *rest"]
    ) -> Float[Tensor, " batch *rest"]:
        """S u = p(1 − p)u/n with p the sigmoid."""
        p = outputs.sigmoid()
        return p * (1 - p) * direction / outputs.numel()

    def sampled_loss(
        self, outputs: Float[Tensor, " batch *rest"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, ""]:
        """Binary cross entropy with sampled labels."""
        drawn = torch.bernoulli(outputs.detach().sigmoid(), generator=generator)
        return F.binary_cross_entropy_with_logits(outputs, drawn, reduction="sum")


class Gaussian(Likelihood):
    """Means of variance ½: the distribution behind `F.mse_loss`, whose −log p is (y − f)² up to a constant."""

    def num_predictions(self, outputs: Float[Tensor, " batch *rest"]) -> int:
        """Return the number of means."""
        return outputs.numel()

    def fisher_product(
        self, outputs: Float[Tensor, " batch *rest"], direction: Float[Tensor, " batch *rest"]
    ) -> Float[Tensor, " batch *rest"]:
        """S u = 2u/n."""
        return 2 * direction / outputs.numel()

    def sampled_loss(
        self, outputs: Float[Tensor, " batch *rest"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, ""]:
        """Squared error with sampled targets."""
        noise = torch.randn(outputs.shape, generator=generator, device=outputs.device, dtype=outputs.dtype)
        return F.mse_loss(outputs, outputs.detach() + noise / 2**0.5, reduction="sum")


LIKELIHOODS: dict[str, Likelihood] = {
    "categorical": Categorical(),
    "bernoulli": Bernoulli(),
    "gaussian": Gaussian(),
}
"""Name ↦ likelihood."""


def likelihood_of(name: str) -> Likelihood:
    """Return a likelihood by name.

    Raises:
        ValueError: If there is none of that name.
    """
    if name not in LIKELIHOODS:
        raise ValueError(
            f"likelihood must be one of {', '.join(LIKELIHOODS)}, got {name!r}: categorical for cross_entropy, "
            "bernoulli for binary_cross_entropy_with_logits, gaussian for mse_loss."
        )
    return LIKELIHOODS[name]
