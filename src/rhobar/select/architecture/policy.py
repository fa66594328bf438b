"""Architectures as a distribution whose parameters are learned: the score-function gradient.

With a categorical distribution π(A | α) = ∏_e softmax(α_e)_{A_e} the goal is J(α) = E_{A∼π}[R(A)], and

    ∇J = E[(R(A) − b) ∇_α ln π(A | α)],      ∇_{α_e} ln π = onehot(A_e) − softmax(α_e)

for every b that does not depend on A; b ≈ E[R] makes the estimate less noisy. R need not be differentiable.

References:
    Williams (1992), Simple statistical gradient-following algorithms for connectionist reinforcement learning.
    Zoph and Le (2017), Neural architecture search with reinforcement learning, section 3.2.
"""

import itertools
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ["draw_architectures", "expected_score", "policy_search", "score_gradient"]


def draw_architectures(
    alpha: Float[Tensor, "edges choices"], num_samples: int, *, generator: torch.Generator | None = None
) -> Int[Tensor, "samples edges"]:
    """Draw from π(· | α).

    Args:
        alpha: α.
        num_samples: How many.
        generator: Source of randomness.

    Returns:
        One choice an edge.

    Example:
        >>> draw_architectures(torch.tensor([[0.0, 100.0], [100.0, 0.0]]), 1)
        tensor([[1, 0]])

    Textbook: B70, C96.
    """
    return torch.multinomial(torch.softmax(alpha, 1), num_samples, replacement=True, generator=generator).T


def score_gradient(
    alpha: Float[Tensor, "edges choices"],
    samples: Int[Tensor, "samples edges"],
    scores: Float[Tensor, " samples"],
    *,
    baseline: float | None = None,
) -> Float[Tensor, "edges choices"]:
    """Estimate ∇J from architectures and their scores.

    Args:
        alpha: α.
        samples: A, drawn from π(· | α).
        scores: R(A).
        baseline: b; by default the mean of the other samples' scores, which keeps the estimate unbiased.

    Returns:
        The mean of (R − b)(onehot(A) − softmax(α)).

    Raises:
        ValueError: If there is one sample and no baseline.

    Example:
        >>> score_gradient(torch.zeros(1, 2), torch.tensor([[0], [1]]), torch.tensor([1.0, 0.0]), baseline=0.0)
        tensor([[ 0.2500, -0.2500]])

    Textbook: B70, C96, C-§11.1.2.
    """
    n = len(samples)
    if baseline is None and n < 2:
        raise ValueError("With one sample a baseline must be given: there are no others to take it from.")
    b = (scores.sum() - scores) / (n - 1) if baseline is None else torch.full_like(scores, baseline)
    scored = torch.nn.functional.one_hot(samples, alpha.shape[1]) - torch.softmax(alpha, 1)
    return torch.einsum("s,sec->ec", scores - b, scored.to(scores.dtype)) / n


def expected_score(
    alpha: Float[Tensor, "edges choices"], score: Callable[[tuple[int, ...]], float]
) -> Float[Tensor, ""]:
    """Compute J(α) exactly, by enumerating all architectures of a toy space; differentiable in α.

    Args:
        alpha: α.
        score: R.

    Returns:
        E[R].

    Example:
        >>> expected_score(torch.zeros(2, 2), lambda a: float(a[0] + a[1]))
        tensor(1.)

    Textbook: B70, C96.
    """
    p = torch.softmax(alpha, 1)
    edges, choices = alpha.shape
    terms = []
    for a in itertools.product(range(choices), repeat=edges):
        terms.append(score(a) * torch.stack([p[e, c] for e, c in enumerate(a)]).prod())
    return torch.stack(terms).sum()


def policy_search(
    evaluate: Callable[[tuple[int, ...]], float],
    shape: tuple[int, int],
    *,
    num_evaluations: int,
    batch: int = 5,
    lr: float = 0.3,
    generator: torch.Generator | None = None,
) -> tuple[tuple[int, ...], Float[Tensor, "edges choices"]]:
    """Climb J by its estimated gradient, α ← α + η ∇J with Adam.

    Args:
        evaluate: R.
        shape: (edges, choices).
        num_evaluations: The budget.
        batch: Architectures a step.
        lr: η.
        generator: Source of randomness.

    Returns:
        The most probable architecture, and α.

    Raises:
        ValueError: If the budget is less than a batch, or a batch less than two.

    Example:
        >>> best, _ = policy_search(lambda a: float(a[0] == 1), (1, 3), num_evaluations=200)
        >>> best
        (1,)

    Textbook: B70, C96.
    """
    if not 2 <= batch <= num_evaluations:
        raise ValueError(f"2 ≤ batch ≤ num_evaluations is needed, got {batch} and {num_evaluations}.")
    alpha = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([alpha], lr=lr, maximize=True)
    for _ in range(num_evaluations // batch):
        samples = draw_architectures(alpha.detach(), batch, generator=generator)
        scores = torch.tensor([evaluate(tuple(a)) for a in samples.tolist()], dtype=torch.float64)
        alpha.grad = score_gradient(alpha.detach(), samples, scores)
        optimizer.step()
    return tuple(alpha.detach().argmax(1).tolist()), alpha.detach()
