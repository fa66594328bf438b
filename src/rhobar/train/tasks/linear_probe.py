"""A linear probe: how well classes can be read off features by a straight line."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.optim import lbfgs
from rhobar.train.batches import Batches
from rhobar.train.evaluate import accuracy
from rhobar.train.fit import fit

__all__ = ["linear_probe"]

_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)


def linear_probe(
    train: tuple[Float[Tensor, "n features"], Int[Tensor, " n"]],
    validation: tuple[Float[Tensor, "m features"], Int[Tensor, " m"]],
    test: tuple[Float[Tensor, "k features"], Int[Tensor, " k"]],
    num_classes: int,
) -> float:
    """Return the test accuracy of logistic regression on standardised features.

    The strength of its L2 penalty is the one of 10⁻⁴ … 10⁻¹ that is best on the validation rows. On the features of one
    layer after another it shows where in the depth the classes come apart.

    Textbook: B50

    Args:
        train: Features and classes to fit.
        validation: To choose the penalty by.
        test: To report.
        num_classes: Number of classes.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> parts = [(torch.cat([torch.randn(20, 2), torch.randn(20, 2) + 9]), torch.arange(40) // 20)] * 3
        >>> linear_probe(*parts, num_classes=2)
        1.0
    """
    mean, std = train[0].mean(0), train[0].std(0).clamp_min(1e-6)
    best = (-1.0, 0.0)
    for strength in _STRENGTHS:
        probe = nn.Linear(train[0].shape[1], num_classes)
        nn.init.zeros_(probe.weight)
        nn.init.zeros_(probe.bias)
        whole = Batches((train[0] - mean) / std, train[1], size=len(train[1]), shuffle=False)
        for _ in fit(probe, F.cross_entropy, whole, lbfgs(probe.parameters(), max_iter=100), l2=strength):
            pass
        with torch.no_grad():
            scores = [accuracy(probe((x - mean) / std), y).item() for x, y in (validation, test)]
        best = max(best, (scores[0], scores[1]), key=lambda pair: pair[0])
    return best[1]
