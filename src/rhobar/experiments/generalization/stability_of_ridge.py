"""Stability: leaving one sample out of ridge regression moves the weights by O(1/(λn))."""

import torch

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.survey import Curve, Plot
from rhobar.theory.learning import kernel_stability

__all__ = ["EXPERIMENT"]

_DIM = 10
_PENALTIES = (0.1, 1.0, 10.0)


def _movements(n: int, penalty: float, setting: Setting) -> tuple[float, float, float, float]:
    """Return the largest of movement over bound, the mean movement and bound, and the largest change of loss over β.

    The objective (1/n) Σ ½(w·xᵢ − yᵢ)² + (λ/2)‖w‖² is λ-strongly convex: without sample i, w moves by at most
    ‖∇ℓᵢ(w)‖/(λn), and its loss on any sample changes by at most β = L²κ²/(λn), L being the largest residual.
    """
    generator = setting.generator(n)
    X = torch.randn(n, _DIM, generator=generator, dtype=torch.float64)
    y = X.sum(1) + torch.randn(n, generator=generator, dtype=torch.float64)
    used = 0.0 if setting.broken else penalty
    gram = X.T @ X / n + used * torch.eye(_DIM, dtype=torch.float64)
    moment = X.T @ y / n
    w: torch.Tensor = torch.linalg.solve(gram, moment)
    without = gram - X[:, :, None] * X[:, None, :] / n
    moved: torch.Tensor = torch.linalg.solve(without, moment - y[:, None] * X / n) - w
    bound = ((X @ w - y)[:, None] * X).norm(dim=1) / (penalty * n)
    without_it = (X * (w + moved)).sum(1) - y
    largest = torch.maximum(without_it.abs(), (X @ w - y).abs()).max().item()
    beta = kernel_stability(largest, X.square().sum(1).max().item(), penalty / 2, n)
    change = (without_it.square() - (X @ w - y).square()).abs().max().item() / 2
    return (moved.norm(dim=1) / bound).max().item(), moved.norm(dim=1).mean().item(), bound.mean().item(), change / beta


def _run(setting: Setting) -> Result:
    sizes = setting.size((40, 160, 640), (400, 1600, 6400))
    over_n = [_movements(n, 1.0, setting) for n in sizes]
    over_penalty = [_movements(sizes[-1], penalty, setting) for penalty in _PENALTIES]
    worst = max(ratio for ratio, *_ in (*over_n, *over_penalty))
    loss = max(change for *_, change in (*over_n, *over_penalty))
    fall = over_n[-1][1] * sizes[-1] / (over_n[-2][1] * sizes[-2])
    return Result(
        checks=(
            at_most("largest movement over ‖∇ℓᵢ‖/(λn)", 1.0, worst),
            at_most("largest change of a left-out sample's loss over β = L²κ²/(λn)", 1.0, loss),
            near(f"movement times n, at {sizes[-1]} over {sizes[-2]} samples: like 1/n", 1.0, fall, relative=0.3),
        ),
        figures=(
            versus(
                "Movement with one sample left out, λ = 1", "samples n", "‖w − w₋ᵢ‖, mean over i", sizes,
                [b for _, _, b, _ in over_n], [m for _, m, *_ in over_n], log=True,
            ),
            Plot(
                f"Movement at n = {sizes[-1]}", "penalty λ", "‖w − w₋ᵢ‖, mean over i",
                (
                    Curve("predicted bound", _PENALTIES, tuple(b for _, _, b, _ in over_penalty)),
                    Curve("measured", _PENALTIES, tuple(m for _, m, *_ in over_penalty)),
                ),
                log=True,
            ),
        ),
        notes=(f"Tightness: the movement reaches {worst:.2f} of its bound.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="stability-of-ridge",
    claim="With a λ-strongly convex objective, leaving out one of n samples moves the minimum by at most ‖∇ℓᵢ‖/(λn).",
    source="Bousquet and Elisseeff (2002), Stability and generalization, theorem 22.",
    textbook=("B44",),
    control="no penalty where the bound is told one: the objective is not λ-strongly convex",
    run=_run,
    formulas=("rhobar.theory.learning.kernel_stability",),
    findings=("overfitting",),
)
