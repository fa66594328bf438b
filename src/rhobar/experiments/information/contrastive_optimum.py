"""The contrastive loss is least where pairs coincide (alignment) and different ones lie as a simplex (uniformity)."""

import math

import torch

from rhobar.experiments.checks import at_least, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.losses import nt_xent
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_PAIRS, _TEMPERATURE = 6, 0.5


def _least(pairs: int) -> float:
    """Return −ln[e^{1/τ}/(e^{1/τ} + 2(N − 1) e^{−1/((N − 1)τ)})]: pairs coincide, all other cosines −1/(N − 1)."""
    others = 2 * (pairs - 1) * math.exp(-1 / ((pairs - 1) * _TEMPERATURE))
    return math.log1p(others * math.exp(-1 / _TEMPERATURE))


def _optimise(dim: int, setting: Setting) -> tuple[torch.Tensor, torch.Tensor, list[float]]:
    """Move free embeddings to the least loss; return both views on the sphere and the losses."""
    generator = setting.generator()
    z = torch.randn(2, _PAIRS, dim, generator=generator, dtype=torch.float64).requires_grad_()
    optimizer = torch.optim.LBFGS([z], max_iter=1, line_search_fn="strong_wolfe", tolerance_grad=1e-12)
    losses = []

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nt_xent(z[0], z[1], temperature=_TEMPERATURE)
        loss.backward()
        return loss

    for _ in range(setting.size(150, 1000)):
        losses.append(optimizer.step(closure).item())
    first, second = torch.nn.functional.normalize(z.detach(), dim=-1)
    return first, second, losses


def _run(setting: Setting) -> Result:
    dim = 2 if setting.broken else _PAIRS
    first, second, losses = _optimise(dim, setting)
    cosines = (first @ second.T)[~torch.eye(_PAIRS, dtype=torch.bool)]
    same = torch.ones(2, _PAIRS, 3, dtype=torch.float64)
    collapsed = nt_xent(same[0], same[1], temperature=_TEMPERATURE).item()
    least = _least(_PAIRS)
    steps = tuple(float(t) for t in range(len(losses)))
    return Result(
        checks=(
            near("least loss, nats", least, losses[-1], relative=1e-4),
            at_most("alignment: largest distance of a pair", 1e-2, (first - second).norm(dim=1).max().item()),
            near("uniformity: cosine of different ones, −1/(N − 1), where it differs most", -1 / (_PAIRS - 1),
                 max(cosines.tolist(), key=lambda c: abs(c + 1 / (_PAIRS - 1))), relative=0.02),
            near("loss of a collapsed representation: ln(2N − 1)", math.log(2 * _PAIRS - 1), collapsed, relative=1e-6),
            at_least("which is above the least", least, collapsed),
        ),
        figures=(
            Plot(
                "Contrastive loss of free embeddings", "step", "nats",
                (
                    Curve("measured", steps, tuple(losses)),
                    Curve("predicted least", steps, (least,) * len(steps)),
                    Curve("collapsed", steps, (math.log(2 * _PAIRS - 1),) * len(steps)),
                ),
            ),
        ),
        notes=("A simplex of N points needs N − 1 dimensions; in fewer the points spread as evenly as they can.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="contrastive-optimum",
    claim="With N pairs in at least N − 1 dimensions, the contrastive loss (NT-Xent) is least where the views of a "
    "pair coincide and different pairs have the cosine −1/(N − 1).",
    source="Wang and Isola (2020), Understanding contrastive representation learning through alignment and uniformity "
    "on the hypersphere, theorem 1; Graf et al. (2021), theorem 2.",
    textbook=("C85", "C-§8.2"),
    control="two dimensions, in which six points form no simplex",
    run=_run,
    formulas=("rhobar.nn.losses.nt_xent",),
)
