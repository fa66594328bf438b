"""Several tasks at once: how their losses are weighed, and whether their gradients agree.

Fixed weights give Σ w_i L_i. Homoscedastic uncertainty learns them: with s_i = ln σ_i² the log-likelihood of Gaussian
outputs is, up to a constant,

    L = Σ_i ½ (e^{−s_i} L_i + s_i)      for squared errors,
    L = Σ_i e^{−s_i} L_i + ½ s_i        for cross-entropies (an approximation),

and at the optimum e^{s_i} = L_i, or 2 L_i: a task with a large loss counts less. Two tasks conflict where g₁·g₂ < 0: a
step for one then undoes the other.

References:
    Caruana (1997), Multitask learning.
    Kendall, Gal and Cipolla (2018), Multi-task learning using uncertainty to weigh losses, eq. (7) and (10).
    Yu et al. (2020), Gradient surgery for multi-task learning, definition 1.
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["UncertaintyWeighting", "gradient_conflict", "weighted_sum"]


def weighted_sum(losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Float[Tensor, ""]:
    """Add losses with fixed weights, Σ w_i L_i.

    Args:
        losses: Task ↦ L_i.
        weights: Task ↦ w_i ≥ 0.

    Returns:
        The sum.

    Raises:
        ValueError: If the tasks differ, or a weight is negative.

    Example:
        >>> weighted_sum({"a": torch.tensor(2.0), "b": torch.tensor(3.0)}, {"a": 1.0, "b": 0.5})
        tensor(3.5000)

    Textbook: B73.
    """
    if losses.keys() != weights.keys() or any(w < 0 for w in weights.values()):
        raise ValueError(f"weights must be at least 0 for each of {sorted(losses)}, got {dict(weights)}.")
    return torch.stack([weights[name] * value for name, value in losses.items()]).sum()


class UncertaintyWeighting(nn.Module):
    """Weights that the optimizer learns; hand its parameters to the optimizer, without weight decay.

    Args:
        regressions: Names of the tasks whose loss is a mean squared error.
        classifications: Names of the tasks whose loss is a cross-entropy.

    Attributes:
        log_variances: s, one of each task, the regressions first.

    Raises:
        ValueError: If there is no task, or a name stands twice.

    Example:
        >>> weighting = UncertaintyWeighting(regressions=["depth"])
        >>> weighting({"depth": torch.tensor(4.0)})
        tensor(2., grad_fn=<SumBackward0>)

    Textbook: B73.
    """

    def __init__(self, regressions: Iterable[str] = (), classifications: Iterable[str] = ()) -> None:
        super().__init__()
        self.regressions, self.classifications = tuple(regressions), tuple(classifications)
        self.names = (*self.regressions, *self.classifications)
        if not self.names or len(set(self.names)) < len(self.names):
            raise ValueError(f"At least one task is needed and each name once, got {self.names}.")
        self.log_variances = nn.Parameter(torch.zeros(len(self.names)))

    def forward(self, losses: Mapping[str, Tensor]) -> Float[Tensor, ""]:
        """Return L of the tasks' losses.

        Raises:
            ValueError: If the tasks are not those that were named.
        """
        if set(losses) != set(self.names):
            raise ValueError(f"losses must hold {sorted(self.names)}, got {sorted(losses)}.")
        L = torch.stack([losses[name] for name in self.names])
        s = self.log_variances
        half = torch.ones_like(s)
        half[: len(self.regressions)] = 0.5
        return (half * torch.exp(-s) * L + 0.5 * s).sum()

    def weights(self) -> dict[str, float]:
        """Return the factor by which each task's loss counts now."""
        s = self.log_variances.detach()
        return {n: float(torch.exp(-s[i])) * (0.5 if n in self.regressions else 1.0) for i, n in enumerate(self.names)}


def gradient_conflict(losses: Sequence[Tensor], parameters: Iterable[Tensor]) -> Float[Tensor, "tasks tasks"]:
    """Cosines between the tasks' gradients on shared parameters; negative ones are conflicts.

    Args:
        losses: One scalar a task, of one forward pass; their graph is kept.
        parameters: Those that the tasks share.

    Returns:
        cos(g_i, g_j), with ones on the diagonal; zero where a gradient vanishes.

    Example:
        >>> w = torch.tensor([1.0, 0.0], requires_grad=True)
        >>> gradient_conflict([w[0] + w[1], -w[0] + w[1], -2 * w[0]], [w])
        tensor([[ 1.0000,  0.0000, -0.7071],
                [ 0.0000,  1.0000,  0.7071],
                [-0.7071,  0.7071,  1.0000]])

    Textbook: B73.
    """
    shared = [p for p in parameters if p.requires_grad]
    rows = []
    for loss in losses:
        found = torch.autograd.grad(loss, shared, retain_graph=True, allow_unused=True, materialize_grads=True)
        rows.append(torch.cat([g.flatten() for g in found]))
    G = torch.stack(rows)
    norms = torch.linalg.vector_norm(G, dim=1)
    scale = norms[:, None] * norms
    return torch.where(scale > 0, G @ G.T / scale.clamp_min(torch.finfo(G.dtype).tiny), 0.0).clamp(-1, 1)
