"""Eckart and Young: no matrix of rank k is nearer than the truncated singular value decomposition."""

import torch

from rhobar.experiments.checks import at_least, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.layers import truncated_svd

__all__ = ["EXPERIMENT"]

_ROWS, _COLUMNS = 12, 9
_RANKS = (1, 2, 4, 6)


def _alternate(W: torch.Tensor, weights: torch.Tensor, rank: int, setting: Setting) -> float:
    """Minimise Σ weights (W − AB)² by turns over A and B, from a random start; return the minimum."""
    B = torch.randn(rank, _COLUMNS, generator=setting.generator(rank), dtype=torch.float64)
    A = torch.zeros(_ROWS, rank, dtype=torch.float64)
    for _ in range(setting.size(150, 2000)):
        root = weights.sqrt()
        # Row i of A: least squares of W_i on Bᵀ, weighted; then the same for the columns of B.
        A = torch.linalg.lstsq(root[:, :, None] * B.T, (root * W)[:, :, None]).solution[..., 0]
        B = torch.linalg.lstsq(root.T[:, :, None] * A, (root * W).T[:, :, None]).solution[..., 0].T
    return (weights * (W - A @ B).square()).sum().item()


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    W = torch.randn(_ROWS, _COLUMNS, generator=generator, dtype=torch.float64)
    W = W * torch.logspace(0, -1, _COLUMNS, dtype=torch.float64)
    weights = torch.ones_like(W)
    if setting.broken:
        weights = 4 * torch.rand(_ROWS, _COLUMNS, generator=generator, dtype=torch.float64).square()
    tails = [torch.linalg.svdvals(W)[rank:].square().sum().item() for rank in _RANKS]
    searched = [_alternate(W, weights, rank, setting) for rank in _RANKS]
    cut = []
    for rank in _RANKS:
        left, right = truncated_svd(W, rank)
        cut.append((weights * (W - left @ right).square()).sum().item())
    drawn = torch.randn(200, _ROWS, _RANKS[1], generator=generator, dtype=torch.float64)
    best_right = torch.linalg.pinv(drawn) @ W
    random = (W - drawn @ best_right).square().sum((1, 2)).min().item()
    return Result(
        checks=(
            *(near(f"least error found by descent, rank {r}: Σ_(i>k) s_i²", p, m, relative=1e-3)
              for r, p, m in zip(_RANKS, tails, searched, strict=True)),
            *(near(f"error of the truncated decomposition, rank {r}", p, m, relative=1e-9)
              for r, p, m in zip(_RANKS, tails, cut, strict=True)),
            at_least("least error of 200 random subspaces, rank 2", tails[1], random),
        ),
        figures=(versus("Best approximation", "rank k", "‖W − W_k‖²", _RANKS, tails, searched),),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="best-low-rank",
    claim="In the Frobenius norm the best approximation of rank k is the truncated singular value decomposition, with "
    "the error Σ_{i>k} s_i².",
    source="Eckart and Young (1936), The approximation of one matrix by another of lower rank.",
    textbook=("B6",),
    control="a norm that weighs the entries unequally",
    run=_run,
    formulas=("rhobar.nn.layers.truncated_svd",),
)
