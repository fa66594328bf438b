"""The variational autoencoder.

Reference: Kingma and Welling (2014), Auto-encoding variational Bayes, arXiv:1312.6114.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.nn.architectures.mlp import MLP

__all__ = ["VAE", "Reconstruction"]


class Reconstruction(NamedTuple):
    """What −ELBO takes: of p(x|z) the logits, of q(z|x) the means and the logarithms of the variances."""

    logits: Float[Tensor, "batch features"]
    mean: Float[Tensor, "batch latent"]
    log_variance: Float[Tensor, "batch latent"]


class VAE(nn.Module):
    """An encoder that gives a Gaussian over latent vectors, a decoder that gives Bernoulli pixels.

        q(z|x) = N(μ(x), diag s²(x)),  z = μ + s ⊙ ε,  ε ~ N(0, I),  p(x|z) = Bernoulli(σ(f(z)))
        ELBO = E_q[log p(x|z)] − D(q(z|x) ‖ N(0, I)) ≤ log p(x);  the loss is −ELBO

    784–500–20–500–784, the paper's size for digits: (784·500 + 500) + (500·40 + 40) + (20·500 + 500) + (500·784 + 784)
    = 815,824 parameters. In training z is drawn; in evaluation z = μ.

    Args:
        in_features: Size of x.
        hidden: Widths of the encoder; the decoder mirrors them.
        latent: Size of z.

    Textbook: C87, C-§8.2.

    Example:
        >>> model = VAE(64, [32], 2)
        >>> model(torch.rand(5, 64)).mean.shape, model.sample(3).shape
        (torch.Size([5, 2]), torch.Size([3, 64]))
    """

    def __init__(self, in_features: int, hidden: Sequence[int], latent: int) -> None:
        super().__init__()
        self.latent = latent
        self.encoder = MLP(in_features, hidden, 2 * latent)
        self.decoder = MLP(latent, list(reversed(hidden)), in_features)

    def encode(
        self, x: Float[Tensor, "batch features"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Return μ and log s²."""
        mean, log_variance = self.encoder(x).chunk(2, -1)
        return mean, log_variance

    def decode(self, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch features"]:
        """Return the logits f(z) of p(x|z)."""
        logits: Tensor = self.decoder(z)
        return logits

    def forward(self, x: Float[Tensor, "batch features"], generator: torch.Generator | None = None) -> Reconstruction:
        """Encode, draw one z for each x, decode."""
        mean, log_variance = self.encode(x)
        z = mean
        if self.training:
            noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype, device=mean.device)
            z = mean + (log_variance / 2).exp() * noise
        return Reconstruction(self.decode(z), mean, log_variance)

    @torch.no_grad()
    def sample(self, num_samples: int, generator: torch.Generator | None = None) -> Float[Tensor, "batch features"]:
        """Draw z ~ N(0, I) and return the probabilities σ(f(z)) of the pixels."""
        weight = next(self.parameters())
        z = torch.randn(num_samples, self.latent, generator=generator, dtype=weight.dtype, device=weight.device)
        return self.decode(z).sigmoid()
