"""Kronecker factors of the Fisher information of linear layers and convolutions.

A layer y = W ā with ā = (a, 1) has over R rows (samples; for a convolution also places, for a sequence also its places)
and n targets over which the mean loss averages, with δ = ∂/∂y of −log p(y_sampled | f),

    A = (1/R) Σ ā āᵀ,      G = (1/n) Σ δ δᵀ,      F ≈ G ⊗ A,   v = vec V ↦ vec G V A.

It is the Fisher matrix itself for one row, and in deep linear networks, where δ does not depend on a; otherwise it
leaves out how the two vary together. The targets are drawn from the model's own prediction: with those of the data it
would be the empirical Fisher.

Textbook: B25

References:
    Martens and Grosse (2015), Optimizing neural networks with Kronecker-factored approximate curvature, eq. 5.
    Grosse and Martens (2016), A Kronecker-factored approximate Fisher matrix for convolution layers, eq. 23–25.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.linalg import LinearOperator
from rhobar.linalg.flatten import flatten
from rhobar.linalg.kronecker import KroneckerSums
from rhobar.linalg.products import gradients, nodes
from rhobar.probes.curvature.forward import forward
from rhobar.probes.curvature.likelihoods import Likelihood, likelihood_of
from rhobar.probes.curvature.risk import Batch, Loss, Risk
from rhobar.probes.kronecker.layer_uses import LayerUse, find_layer_uses

__all__ = ["KroneckerFactors", "LayerFactors", "kronecker_factors"]


@dataclass(frozen=True)
class LayerFactors:
    """F ≈ G ⊗ A of one layer.

    Attributes:
        weight: The name of its weight.
        bias: The name of its bias; `None` if it has none that is measured.
        A: Mean of ā āᵀ over the rows; the last row and column are the bias's.
        G: Σ δ δᵀ over the targets.
        trace: tr A · tr G, the estimate of the trace of F.
        trace_stderr: Standard error of `trace` over the draws of the targets; NaN for one draw.
    """

    weight: str
    bias: str | None
    A: Float[Tensor, "inputs inputs"] = field(repr=False)
    G: Float[Tensor, "outputs outputs"] = field(repr=False)
    trace: float
    trace_stderr: float

    def operator(self) -> LinearOperator:
        """Return G ⊗ A on the flattened weight, followed by the bias.

        Example:
            >>> layer = LayerFactors("weight", "bias", 2 * torch.eye(2), 3 * torch.eye(1), 12.0, 0.0)
            >>> layer.operator() @ torch.ones(2)
            tensor([6., 6.])
        """
        m, n = self.G.shape[0], self.A.shape[0]
        ones = int(self.bias is not None)

        def matvec(v: Tensor) -> Tensor:
            W, b = v[: m * (n - ones)].view(m, n - ones), v[m * (n - ones) :].view(m, ones)
            GVA = self.G @ torch.cat([W, b], 1) @ self.A
            return flatten([GVA[:, : n - ones], GVA[:, n - ones :]])

        return LinearOperator.symmetric(matvec, m * n, self.A.dtype, self.A.device)


@dataclass(frozen=True)
class KroneckerFactors:
    """The factors of all layers.

    Attributes:
        layers: One entry a layer, in the order of the parameters.
        missing: The other parameters, each with the reason.
        num_targets: n · draws, the number of δ that each G averages.
    """

    layers: tuple[LayerFactors, ...]
    missing: dict[str, str]
    num_targets: int


def kronecker_factors(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[Batch],
    *,
    likelihood: Likelihood | None = None,
    names: Sequence[str] | None = None,
    num_draws: int = 1,
    generator: torch.Generator | None = None,
) -> KroneckerFactors:
    """Measure A and G of every linear layer and convolution.

    A batch takes a forward pass, `num_draws` backward passes to the outputs of the layers, and the products.

    Args:
        model: Any module, in the mode that is meant; it is left as it was.
        loss: A loss whose likelihood is known (see `likelihood_of`); not used if `likelihood` is given.
        batches: Pairs (inputs, targets); the targets are not used.
        likelihood: The distribution of the targets as a function of the model's output.
        names: Parameters by name; by default all that require gradients.
        num_draws: Draws of all targets; from two on there are standard errors.
        generator: Source of the targets; by default one seeded with zero.

    Returns:
        The factors; parameters of other layers, or used otherwise, are named with the reason.

    Raises:
        ValueError: If no draw is allowed, no batch or parameter is there, or the likelihood of the loss is not known.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)  # variance 1/2: F = 2 mean x²
        >>> x, y = torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)
        >>> (layer,) = kronecker_factors(model, nn.MSELoss(), [(x, y)], num_draws=1000).layers
        >>> layer.A.item(), bool(abs(layer.trace - 10) < 4 * layer.trace_stderr)
        (5.0, True)
    """
    if num_draws < 1:
        raise ValueError(f"num_draws must be at least 1, got {num_draws}.")
    chosen, generator = likelihood or likelihood_of(loss), generator or torch.Generator().manual_seed(0)
    risk, sums, missing = Risk(model, loss, batches, names), _Sums({}, num_draws), dict[str, str]()

    def measure(risk: Risk, batches: Batch) -> int:
        edges, n = risk.edges(), 0
        for batch in risk.batches:
            outputs = forward(risk.model, batch)
            p = chosen(outputs.rebuild(outputs.tensors))
            _seed(int(torch.randint(2**62, (), generator=generator)), outputs.tensors[0].device)
            surprises = [-p.log_prob(p.sample()) for _ in range(num_draws)]
            uses, reasons = find_layer_uses(nodes(surprises), edges, risk.space.names)
            missing.update(reasons)
            sums.add(uses, surprises)
            n += surprises[0].numel()
        return n

    n = risk.run(measure, risk.batches, twice=False)
    layers = [_factors(key, sums.of[key], n) for key in sorted(sums.of, key=lambda key: risk.space.names.index(key[0]))]
    return KroneckerFactors(tuple(layer for layer in layers if layer.weight not in missing), missing, n * num_draws)


@dataclass(frozen=True)
class _Sums:
    """The sums of all layers, by the names of weight and bias."""

    of: dict[tuple[str, str | None], KroneckerSums]
    num_draws: int

    @torch.no_grad()
    def add(self, uses: Sequence[LayerUse], surprises: Sequence[Tensor]) -> None:
        """Add one batch."""
        for use in uses:
            a, key = use.inputs(), (use.weight, use.bias)
            if key not in self.of:
                has_bias = use.bias is not None
                self.of[key] = KroneckerSums(a.shape[1], use.shape[0], has_bias, a, num_draws=self.num_draws)
            self.of[key].add_inputs(a)
        for draw, surprise in enumerate(surprises):
            deltas = gradients([surprise], [use.output for use in uses], [torch.ones_like(surprise)]) if uses else []
            for use, delta in zip(uses, deltas, strict=True):
                if delta is not None:
                    self.of[use.weight, use.bias].add_gradients(use.gradients(delta), draw)


def _seed(seed: int, device: torch.device) -> None:
    """Seed the source of a distribution's samples, which takes no generator."""
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)  # all devices at once take a millisecond
    else:
        torch.manual_seed(seed)


def _factors(key: tuple[str, str | None], sums: KroneckerSums, n: int) -> LayerFactors:
    A, G = sums.mean(n * len(sums.traces))
    traces = torch.tensor(sums.traces, dtype=torch.float64) / n * A.trace().double().cpu()
    stderr = (traces.std() / len(traces) ** 0.5).item() if len(traces) > 1 else float("nan")
    return LayerFactors(*key, A, G, traces.mean().item(), stderr)
