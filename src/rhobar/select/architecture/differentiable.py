"""Differentiable architecture search: every edge is a mixture of all operations, and the mixture is learned.

    ō_{ij}(h) = Σ_o softmax(α_{ij})_o · o(h)
    min_α L_val(w*(α), α)   with   w*(α) = argmin_w L_train(w, α)

The first-order form takes w for w*(α): one step of w on training samples, one of α on others, in turn. At the end each
edge keeps its strongest operation. Known weakness: parameter-free operations (skip, none) gain weight as w converges,
and the final choice was never trained alone.

References:
    Liu, Simonyan and Yang (2019), DARTS: differentiable architecture search, eq. (2) to (6).
    Zela et al. (2020), Understanding and robustifying differentiable architecture search.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rhobar.select.architecture.space import EDGES, OPERATIONS, CellNetwork, Genotype, through

__all__ = ["Differentiable", "MixedCell", "differentiable_search"]


@dataclass(frozen=True)
class Differentiable:
    """What the mixture became.

    Attributes:
        best: The strongest operation of each edge, ``none`` excluded.
        mixture: softmax(α), (edges, operations).
        num_steps: Pairs of steps made.
    """

    best: Genotype
    mixture: Float[Tensor, "edges operations"]
    num_steps: int


class MixedCell(nn.Module):
    """A cell whose edges are mixtures; all cells of a network share one α.

    Args:
        channels: Of every node.
        alpha: α, (edges, operations).

    Example:
        >>> cell = MixedCell(4, nn.Parameter(torch.zeros(len(EDGES), len(OPERATIONS))))
        >>> cell(torch.randn(2, 4, 10)).shape
        torch.Size([2, 4, 10])

    Textbook: B70.
    """

    def __init__(self, channels: int, alpha: Tensor) -> None:
        super().__init__()
        self.alpha = alpha
        self.operations = nn.ModuleList(nn.ModuleList(make(channels) for make in OPERATIONS.values()) for _ in EDGES)

    def forward(self, x: Float[Tensor, "batch channels time"]) -> Float[Tensor, "batch channels time"]:
        """Return the last node."""
        p = torch.softmax(self.alpha, 1)

        def mixture(edge: int, h: Tensor) -> Tensor:
            candidates = self.operations[edge]
            assert isinstance(candidates, nn.ModuleList)
            return torch.stack([p[edge, k] * o(h) for k, o in enumerate(candidates)]).sum(0)

        return through(x, [partial(mixture, edge) for edge in range(len(EDGES))])


def differentiable_search(
    train: Iterable[tuple[Tensor, Tensor]],
    validation: Iterable[tuple[Tensor, Tensor]],
    num_classes: int,
    *,
    num_steps: int,
    channels: int = 16,
    lr: float = 3e-3,
    alpha_lr: float = 3e-2,
) -> Differentiable:
    """Learn weights and mixture in turn.

    Args:
        train: Batches for w, begun again when they end.
        validation: Batches for α; of other samples.
        num_classes: Outputs.
        num_steps: Pairs of steps.
        channels: Width.
        lr: Of w, by Adam.
        alpha_lr: Of α, by Adam with β₁ = 0.5 and decay 10⁻³ as in the paper.

    Returns:
        The strongest architecture. Its weights are not kept: train it anew.

    Raises:
        ValueError: If there is no step.

    Example:
        >>> batch = (torch.randn(8, 1, 40), torch.arange(8) % 2)
        >>> len(differentiable_search([batch], [batch], 2, num_steps=1).best)
        6

    Textbook: B70.
    """
    if num_steps < 1:
        raise ValueError(f"num_steps must be at least 1, got {num_steps}.")
    alpha = nn.Parameter(1e-3 * torch.randn(len(EDGES), len(OPERATIONS)))
    model = CellNetwork(num_classes, lambda width: MixedCell(width, alpha), channels=channels)
    weights = [p for p in model.parameters() if p is not alpha]
    for_weights = torch.optim.Adam(weights, lr=lr)
    for_alpha = torch.optim.Adam([alpha], lr=alpha_lr, betas=(0.5, 0.999), weight_decay=1e-3)
    batches, held = _endless(train), _endless(validation)
    for _ in range(num_steps):
        for optimizer, (x, y) in ((for_alpha, next(held)), (for_weights, next(batches))):
            model.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    p = torch.softmax(alpha.detach(), 1)
    allowed = p.clone()
    allowed[:, list(OPERATIONS).index("none")] = 0
    return Differentiable(tuple(allowed.argmax(1).tolist()), p, num_steps)


def _endless(batches: Iterable[tuple[Tensor, Tensor]]) -> Iterator[tuple[Tensor, Tensor]]:
    """Begin the batches again when they end; in a new order if that is what they do."""
    return (batch for again in cycle([batches]) for batch in again)
