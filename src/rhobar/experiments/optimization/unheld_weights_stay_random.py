"""A layer that no optimizer holds stays a random projection: of d directions the net can use k."""

import torch
from torch import nn

from rhobar.experiments.checks import at_least, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.losses import mse
from rhobar.probes.estimate import mean_of

__all__ = ["EXPERIMENT"]

_DIM = 20
_WIDTHS = (2, 5, 10, 15)


class _Hidden(nn.Module):
    """A linear net whose first layer stands in a plain list, where `parameters()` does not find it."""

    def __init__(self, first: torch.Tensor, *, registered: bool) -> None:
        super().__init__()
        layer = nn.Linear(_DIM, len(first), bias=False, dtype=torch.float64)
        with torch.no_grad():
            layer.weight.copy_(first)
        self.layers = nn.ModuleList([layer]) if registered else [layer]
        self.head = nn.Linear(len(first), 1, bias=False, dtype=torch.float64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = self.head(self.layers[0](x))
        return hidden


def _trained(width: int, setting: Setting, draw: int) -> tuple[float, float]:
    """Return the share of the target's variance that is left, and the size of the gradient thrown away."""
    generator = setting.generator(100 * width + draw)
    first = torch.linalg.qr(torch.randn(_DIM, width, generator=generator, dtype=torch.float64)).Q.mT
    beta = torch.randn(_DIM, 1, generator=generator, dtype=torch.float64)
    model = _Hidden(first, registered=setting.broken)
    with torch.no_grad():
        model.head.weight.fill_(0.1)
    x = _DIM**0.5 * torch.eye(_DIM, dtype=torch.float64)  # uncorrelated inputs of variance 1
    y = x @ beta
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05 / beta.norm().item() if setting.broken else 0.5)
    lost = 0.0
    for _ in range(300 if setting.broken else 3):  # held alone, the head's Hessian is 2I: one step of ½
        model.zero_grad()
        model.layers[0].weight.grad = None
        loss = mse(model(x), y)
        loss.backward()
        gradient = model.layers[0].weight.grad
        lost = max(lost, 0.0 if gradient is None else gradient.norm().item())
        optimizer.step()
    return loss.item() / y.square().mean().item(), lost


def _run(setting: Setting) -> Result:
    draws = 3 if setting.broken else setting.size(100, 1000)
    runs = {w: [_trained(w, setting, i) for i in range(draws)] for w in _WIDTHS}
    left = [mean_of(torch.tensor([share for share, _ in runs[w]], dtype=torch.float64)) for w in _WIDTHS]
    law = [1 - w / _DIM for w in _WIDTHS]
    return Result(
        checks=(
            *(
                equal(f"share of the variance left with {w} of {_DIM} directions: 1 − k/d", p, m, bias=1e-6)
                for w, p, m in zip(_WIDTHS, law, left, strict=True)
            ),
            at_least("least gradient thrown away, of the largest in each run: above 0", 1e-3,
                     min(lost for w in _WIDTHS for _, lost in runs[w])),
        ),
        figures=(versus("A layer outside the optimizer", "its units k", "share of the variance left", _WIDTHS, law,
                        left),),
        notes=("The layer has its gradients all the same: only who holds it tells it from a trained one.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="unheld-weights-stay-random",
    claim="For a linear net with uncorrelated inputs and a random first layer of k orthonormal rows that no optimizer "
    "holds, a share 1 − k/d of the target's variance cannot be learned, on average over the draws.",
    source="Vershynin (2018), High-dimensional probability, lemma 5.3.2; PyTorch documentation, torch.nn.ModuleList.",
    textbook=("B4",),
    control="the layer is registered, and trained",
    run=_run,
    formulas=("rhobar.nn.losses.mse",),
    findings=("unoptimized-parameters", "too-little-capacity"),
)
