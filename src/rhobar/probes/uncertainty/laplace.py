"""Laplace's approximation: a Gaussian around the trained weights.

    Λ = Σ_i J_iᵀ W_i J_i + λ I,      p(θ | data) ≈ N(θ*, Λ⁻¹)

J_i is the Jacobian of the outputs of sample i by the parameters, W_i the Hessian of its negative log-likelihood by the
outputs (diag p − ppᵀ for classes, I/σ² for regression), λ the precision of the prior. Two forms:

    last layer   all of Λ, for weights and bias of the last linear map only
    diagonal     the diagonal of Λ, for all parameters

Predictions are those of the linearised net: f ~ N(f*, J Λ⁻¹ Jᵀ), and for classes softmax(f* / √(1 + π/8 diag)).
On a linear regression the last-layer form is the exact posterior.

Textbook: B15[Prob].

References:
    MacKay (1992), The evidence framework applied to classification networks, eq. 10 (the probit form).
    Kristiadi, Hein and Hennig (2020), Being Bayesian, even just a bit, fixes overconfidence, section 3.
    Daxberger et al. (2021), Laplace redux, section 2.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.probes.representations import inputs_of
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager

__all__ = ["LaplacePosterior", "diagonal_laplace", "last_layer_laplace"]


@dataclass(frozen=True)
class LaplacePosterior:
    """The Gaussian and its predictions.

    Attributes:
        model: The network at its mean.
        names: The parameters that it covers.
        precision: Λ, or its diagonal.
        prior_precision: λ.
        likelihood: "classification" or "regression".
        noise: σ of regression.
    """

    model: nn.Module = field(repr=False)
    names: tuple[str, ...]
    precision: Tensor = field(repr=False)
    prior_precision: float
    likelihood: str
    noise: float

    def predict(self, inputs: Any) -> tuple[Float[Tensor, "n outputs"], Float[Tensor, "n outputs"]]:  # noqa: ANN401
        """Return the predictive mean (probabilities, or outputs) and the standard deviations of the outputs.

        For classes these are those of the logits; for regression those of the function, without the noise.
        """
        factor = torch.linalg.cholesky(self.precision) if self.precision.dim() == 2 else None
        means, deviations = [], []
        for f, J in _linearised(self.model, inputs, self.names):
            spread = J.square() @ (1 / self.precision) if factor is None else _quadratic(factor, J)
            means.append((f / (1 + torch.pi / 8 * spread).sqrt()).softmax(0) if self._classes else f)
            deviations.append(spread.sqrt())
        return torch.stack(means), torch.stack(deviations)

    @property
    def _classes(self) -> bool:
        return self.likelihood == "classification"


def last_layer_laplace(
    model: nn.Module,
    batches: Iterable[object],
    *,
    likelihood: str = "classification",
    prior_precision: float = 1.0,
    noise: float = 1.0,
    max_size: int = 4000,
) -> LaplacePosterior:
    """Fit the full Gaussian over the last linear layer, in eval mode.

    Args:
        model: Its last module with parameters must be `nn.Linear`; it is left as it was.
        batches: Pairs (inputs, targets).
        likelihood: "classification" (cross-entropy) or "regression" (squared error with noise σ).
        prior_precision: λ; a weight decay of w in a mean loss over n samples is λ = n w.
        noise: σ.
        max_size: Bound on the layer's parameters, since memory grows as their square.

    Raises:
        ValueError: If the last layer is another one or too large, or options are out of range.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> found = last_layer_laplace(model, [(torch.ones(3, 1), torch.zeros(3, 1))], likelihood="regression")
        >>> found.precision.item(), found.predict(torch.ones(1, 1))[1].item()
        (4.0, 0.5)
    """
    model = eager(model)
    owners = [(n, m) for n, m in model.named_modules() if any(True for _ in m.parameters(recurse=False))]
    if not owners or not isinstance(owners[-1][1], nn.Linear):
        last = type(owners[-1][1]).__name__ if owners else "none"
        raise ValueError(f"The last module with parameters must be nn.Linear, got {last}; use diagonal_laplace.")
    name, layer = owners[-1]
    names = tuple(f"{name}.{n}" if name else n for n, _ in layer.named_parameters())
    size = sum(p.numel() for p in layer.parameters())
    if size > max_size:
        raise ValueError(f"The last layer must have at most {max_size} parameters, got {size}; use diagonal_laplace.")
    return _fitted(model, batches, names, likelihood, prior_precision, noise, diagonal=False)


def diagonal_laplace(
    model: nn.Module,
    batches: Iterable[object],
    *,
    likelihood: str = "classification",
    prior_precision: float = 1.0,
    noise: float = 1.0,
    names: Sequence[str] | None = None,
) -> LaplacePosterior:
    """Fit a Gaussian of independent parameters, in eval mode; it takes a backward pass for each sample and output.

    Args:
        model: Any module that returns one row a sample; it is left as it was.
        batches: Pairs (inputs, targets).
        likelihood: As for `last_layer_laplace`.
        prior_precision: λ.
        noise: σ.
        names: Parameters by name; by default all that require gradients.

    Note:
        A `ValueError` is raised if there is nothing to fit, or options are out of range.

    Example:
        >>> model = nn.Linear(2, 1, bias=False)
        >>> x = torch.tensor([[1.0, 1.0], [1.0, 2.0]])
        >>> diagonal_laplace(model, [(x, torch.zeros(2, 1))], likelihood="regression").precision
        tensor([3., 6.], dtype=torch.float64)
    """
    model = eager(model)
    chosen = tuple(names or (n for n, p in model.named_parameters() if p.requires_grad))
    return _fitted(model, batches, chosen, likelihood, prior_precision, noise, diagonal=True)


def _fitted(
    model: nn.Module,
    batches: Iterable[object],
    names: tuple[str, ...],
    likelihood: str,
    prior: float,
    noise: float,
    *,
    diagonal: bool,
) -> LaplacePosterior:
    """Sum the precision over the samples.

    Raises:
        ValueError: If an option is out of range, a name unknown, or there is no batch.
    """
    if likelihood not in ("classification", "regression") or not prior > 0 or not noise > 0:
        raise ValueError(
            'likelihood must be "classification" or "regression", prior_precision and noise positive, got '
            f"{likelihood!r}, {prior} and {noise}."
        )
    params = dict(model.named_parameters())
    if not names or any(name not in params for name in names):
        raise ValueError(
            f"names must be those of parameters, one at least, got {list(names)}; there are {list(params)}."
        )
    size = sum(params[name].numel() for name in names)
    Lambda = torch.full((size,), prior, dtype=torch.float64)
    Lambda = Lambda if diagonal else torch.diag(Lambda)
    seen = 0
    for batch in batches:
        x, _ = inputs_of(batch)
        for f, J in _linearised(model, x, names):
            if likelihood == "classification":
                p = f.softmax(0)
                root = torch.diag(p.sqrt()) - torch.outer(p, p.sqrt())  # root rootᵀ = diag p − ppᵀ
            else:
                root = torch.eye(f.numel(), dtype=torch.float64) / noise
            R = root.T @ J
            Lambda += R.square().sum(0) if diagonal else R.T @ R
            seen += 1
    if not seen:
        raise ValueError("batches must hold at least one batch, got none; pass a list such as [(inputs, targets)].")
    return LaplacePosterior(model, names, Lambda, prior, likelihood, noise)


def _linearised(model: nn.Module, x: Any, names: Sequence[str]) -> list[tuple[Tensor, Tensor]]:  # noqa: ANN401
    """Return outputs and their Jacobian by the parameters, sample by sample, in eval mode and float64.

    Raises:
        ValueError: If the model does not return one row of outputs a sample.
    """
    found = []
    with restored(model), torch.inference_mode(False), torch.enable_grad():
        model.eval()
        params = dict(model.named_parameters())
        for p in params.values():
            p.requires_grad_(False)
        chosen = [params[name].requires_grad_() for name in names]
        out = model(*x) if isinstance(x, tuple) else model(x)
        if not isinstance(out, Tensor) or out.dim() != 2:
            what = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise ValueError(f"The model must return one row of outputs a sample, got {what}.")
        for row in out:
            J = [
                _flat(torch.autograd.grad(value, chosen, retain_graph=True, allow_unused=True), chosen) for value in row
            ]
            found.append((row.detach().double().cpu(), torch.stack(J).double().cpu()))
    return found


def _flat(parts: Sequence[Tensor | None], like: Sequence[Tensor]) -> Tensor:
    return torch.cat([(torch.zeros_like(p) if g is None else g).flatten() for g, p in zip(parts, like, strict=True)])


def _quadratic(factor: Tensor, J: Tensor) -> Tensor:
    """Return the diagonal of J Λ⁻¹ Jᵀ."""
    spread: Tensor = torch.linalg.solve_triangular(factor, J.T, upper=False).square().sum(0)
    return spread
