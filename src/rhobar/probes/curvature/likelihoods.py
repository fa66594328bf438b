"""Which distribution of the targets a loss is the negative logarithm of, up to a constant."""

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Bernoulli, Categorical, Distribution, Normal, Poisson

__all__ = ["Likelihood", "likelihood_of"]

Likelihood = Callable[[Any], Distribution]


def likelihood_of(loss: object) -> Likelihood:
    """Return p(y | f) as a function of the model's output f, one element for each that the loss averages over.

    Cross-entropy: categorical with logits f, classes second; NLL: the same with log-probabilities f. Binary
    cross-entropy: Bernoulli with logits or probabilities f. Squared error (f − y)²: normal with mean f, variance 1/2.
    Poisson NLL: Poisson with rate eᶠ, or f without `log_input`.

    Raises:
        ValueError: If the loss is not one of these, or is weighted, smoothed or summed.
    """
    refused = next((name for name, plain in _PLAIN.items() if getattr(loss, name, plain) != plain), None)
    kind = _BY_FUNCTION.get(loss, type(loss)) if callable(loss) and not isinstance(loss, nn.Module) else type(loss)
    if kind not in _KINDS or refused is not None:
        what = f"{kind.__name__} with {refused}={getattr(loss, refused)}" if refused else kind.__name__
        raise ValueError(
            f"The loss must be one whose likelihood is known ({', '.join(sorted(k.__name__ for k in _KINDS))}, plain), "
            f"got {what}; pass likelihood=, a function from the model's output to a torch Distribution."
        )
    if isinstance(loss, nn.PoissonNLLLoss) and not loss.log_input:
        return Poisson
    return _KINDS[kind]


def _classes_last(f: Tensor) -> Tensor:
    return f.movedim(1, -1) if f.dim() > 1 else f


_KINDS: dict[type, Likelihood] = {
    nn.CrossEntropyLoss: lambda f: Categorical(logits=_classes_last(f)),
    nn.NLLLoss: lambda f: Categorical(logits=_classes_last(f)),
    nn.BCEWithLogitsLoss: lambda f: Bernoulli(logits=f),
    nn.BCELoss: lambda f: Bernoulli(probs=f),
    nn.MSELoss: lambda f: Normal(f, 0.5**0.5),
    nn.PoissonNLLLoss: lambda f: Poisson(f.exp()),
}
_BY_FUNCTION: dict[object, type] = {
    F.cross_entropy: nn.CrossEntropyLoss,
    F.nll_loss: nn.NLLLoss,
    F.binary_cross_entropy_with_logits: nn.BCEWithLogitsLoss,
    F.binary_cross_entropy: nn.BCELoss,
    F.mse_loss: nn.MSELoss,
    F.poisson_nll_loss: nn.PoissonNLLLoss,
}
_PLAIN: dict[str, object] = {"weight": None, "pos_weight": None, "label_smoothing": 0.0, "reduction": "mean"}
