"""InfoNCE: a lower bound of mutual information by telling true pairs from shuffled ones.

With a critic f(x, y) and batches of K pairs,

    I(X; Y) ≥ E[(1/K) Σ_i f(x_i, y_i) − log (1/K) Σ_j exp f(x_i, y_j)] ≤ log K.

It holds for every critic, so the critic is trained on one half of the samples and the bound read on the other: what it
learned by heart does not count. It cannot show more than log K, and says so.

References:
    van den Oord, Li and Vinyals (2018), Representation learning with contrastive predictive coding, eq. 4.
    Poole et al. (2019), On variational bounds of mutual information, eq. 10.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.probes.estimate import mean_of
from rhobar.probes.samples import checked_pair

__all__ = ["InformationBound", "infonce"]


@dataclass(frozen=True)
class InformationBound:
    """A lower bound in nats.

    Attributes:
        value: The bound, on samples that the critic was not trained on.
        stderr: Its standard error over batches.
        ceiling: log K, above which it cannot go.
        num_batches: Batches that it was read on.
    """

    value: float
    stderr: float
    ceiling: float
    num_batches: int

    @property
    def saturated(self) -> bool:
        """Whether the bound is so near its ceiling that the information may be much larger."""
        return self.value > self.ceiling - 0.5


class _Critic(nn.Module):
    """f(x, y) = g(x) · h(y), each a network of one hidden layer beside a linear map."""

    def __init__(self, a: int, b: int, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.x, self.y = (_Encoder(size, width, generator) for size in (a, b))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h: Tensor = self.y(y)
        scores: Tensor = self.x(x) @ h.T / h.shape[1] ** 0.5
        return scores


class _Encoder(nn.Module):
    def __init__(self, size: int, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.first, self.second, self.plain = nn.Linear(size, width), nn.Linear(width, width), nn.Linear(size, width)
        with torch.no_grad():
            for layer in (self.first, self.second, self.plain):
                layer.weight.normal_(0, layer.in_features**-0.5, generator=generator)
                layer.bias.normal_(0, 1, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        deep: Tensor = self.second(torch.tanh(self.first(x)))
        plain: Tensor = self.plain(x)
        return deep + plain


def infonce(
    x: Float[Tensor, "samples ..."],
    y: Float[Tensor, "samples ..."],
    *,
    batch_size: int = 128,
    num_steps: int = 400,
    width: int = 64,
    lr: float = 3e-3,
    generator: torch.Generator | None = None,
) -> InformationBound:
    """Bound the mutual information of two sets of features from below.

    Args:
        x: Samples along the first axis.
        y: The same samples, with other features.
        batch_size: K.
        num_steps: Steps of Adam with which the critic is trained.
        width: Of its layers.
        lr: Its learning rate, cosine to zero.
        generator: Source of its start and of the batches; by default one seeded with zero.

    Returns:
        The bound.

    Raises:
        ValueError: If there are not 4 K samples, their numbers differ, a value is not finite, or K is below 2.

    Example:
        >>> g = torch.Generator().manual_seed(0)
        >>> x, z = torch.randn(2000, 1, generator=g), torch.randn(2000, 1, generator=g)
        >>> found = infonce(x, 0.8 * x + 0.6 * z, num_steps=50)
        >>> found.value - 3 * found.stderr < -0.5 * math.log(1 - 0.8**2)
        True
    """
    K = batch_size
    if K < 2:
        raise ValueError(f"batch_size must be at least 2, got {K}: a true pair is told from shuffled ones.")
    a, b = (((r - r.mean(0)) / r.std(0).clamp_min(1e-300)).float() for r in checked_pair(x, y, least=4 * K))
    generator = generator or torch.Generator().manual_seed(0)
    order = torch.randperm(a.shape[0], generator=generator)
    half = a.shape[0] // 2
    critic = _trained(a[order[:half]], b[order[:half]], K, num_steps, width, lr, generator)
    with torch.no_grad():
        held = order[half : half + (a.shape[0] - half) // K * K].split(K)
        bounds = torch.stack([_bound(critic(a[rows], b[rows])) for rows in held])
    found = mean_of(bounds)
    return InformationBound(found.value, found.stderr, math.log(K), len(held))


@torch.enable_grad()
def _trained(
    x: Tensor, y: Tensor, K: int, num_steps: int, width: int, lr: float, generator: torch.Generator
) -> nn.Module:
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        critic = _Critic(x.shape[1], y.shape[1], width, generator)
        optimizer = torch.optim.Adam(critic.parameters(), lr=lr)
        for step in range(num_steps):
            optimizer.param_groups[0]["lr"] = lr * (1 + math.cos(math.pi * step / num_steps)) / 2
            rows = torch.randint(x.shape[0], (K,), generator=generator)
            optimizer.zero_grad()
            (-_bound(critic(x[rows], y[rows]))).backward()
            optimizer.step()
    return critic


def _bound(scores: Float[Tensor, "K K"]) -> Tensor:
    """Return the bound of one batch: true pairs stand in the diagonal."""
    K = scores.shape[0]
    return (scores.diagonal() - torch.logsumexp(scores, 1)).mean() + math.log(K)
