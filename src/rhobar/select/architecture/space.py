"""A small space of architectures: a cell of four nodes, each edge one of five operations, for sequences.

    h₀ = input,   h_j = Σ_{i<j} o_{ij}(h_i),   j = 1, 2, 3;   output h₃

Six edges with five operations make 5⁶ = 15,625 cells, as in NAS-Bench-201, in one dimension. The network is a strided
convolution, the cell, a pooling by 2, the cell once more with weights of its own, the mean over time, a linear map.

Reference: Dong and Yang (2020), NAS-Bench-201: extending the scope of reproducible neural architecture search.
"""

import itertools
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["EDGES", "OPERATIONS", "Cell", "CellNetwork", "Genotype", "mutated", "random_genotype"]

Genotype = tuple[int, ...]
"""The operation of each edge, by its place in `OPERATIONS`, in the order of `EDGES`."""

EDGES: tuple[tuple[int, int], ...] = tuple((i, j) for j in range(1, 4) for i in range(j))
"""(from, to), sorted by where they lead."""


class Zero(nn.Module):
    """No connection: 0.

    Example:
        >>> Zero()(torch.ones(1, 2, 3)).sum()
        tensor(0.)
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return zeros."""
        return torch.zeros_like(x)


def _convolution(kernel: int) -> Callable[[int], nn.Module]:
    def make(channels: int) -> nn.Module:
        conv = nn.Conv1d(channels, channels, kernel, padding=kernel // 2, bias=False)
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm1d(channels))

    return make


OPERATIONS: dict[str, Callable[[int], nn.Module]] = {
    "none": lambda channels: Zero(),
    "skip": lambda channels: nn.Identity(),
    "conv1": _convolution(1),
    "conv3": _convolution(3),
    "mean3": lambda channels: nn.AvgPool1d(3, stride=1, padding=1, count_include_pad=False),
}
"""Name ↦ operation of a number of channels that keeps the shape."""


class Cell(nn.Module):
    """One cell.

    Args:
        channels: Of every node.
        genotype: Its operations.

    Raises:
        ValueError: If the genotype does not name an operation for each edge.

    Example:
        >>> Cell(4, (1, 0, 0, 0, 0, 1))(torch.ones(2, 4, 10)).sum()  # h₁ = h₀, h₂ = 0, h₃ = h₂
        tensor(0.)
    """

    def __init__(self, channels: int, genotype: Genotype) -> None:
        super().__init__()
        makers = list(OPERATIONS.values())
        if len(genotype) != len(EDGES) or not all(0 <= g < len(makers) for g in genotype):
            raise ValueError(f"A genotype holds {len(EDGES)} numbers below {len(makers)}, got {genotype}.")
        self.operations = nn.ModuleList(makers[g](channels) for g in genotype)

    def forward(self, x: Float[Tensor, "batch channels time"]) -> Float[Tensor, "batch channels time"]:
        """Return the last node."""
        return through(x, list(self.operations))


def through(x: Tensor, edges: list[Callable[[Tensor], Tensor]]) -> Tensor:
    """Run the nodes of a cell: each is the sum of what its edges bring."""
    nodes = [x]
    for j in range(1, 4):
        nodes.append(torch.stack([e(nodes[a]) for e, (a, b) in zip(edges, EDGES, strict=True) if b == j]).sum(0))
    return nodes[-1]


class CellNetwork(nn.Module):
    """The whole network.

    Args:
        num_classes: Outputs.
        make: Channels ↦ cell; called twice.
        channels: Width.

    Example:
        >>> net = CellNetwork(10, lambda channels: Cell(channels, (3, 1, 3, 0, 1, 3)))
        >>> net(torch.randn(2, 1, 40)).shape
        torch.Size([2, 10])

    Textbook: B70.
    """

    def __init__(self, num_classes: int, make: Callable[[int], nn.Module], *, channels: int = 16) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv1d(1, channels, 5, stride=2, padding=2, bias=False), nn.BatchNorm1d(channels))
        self.cells = nn.ModuleList([make(channels), make(channels)])
        self.head = nn.Sequential(nn.BatchNorm1d(channels), nn.ReLU())
        self.linear = nn.Linear(4 * channels, num_classes)

    def forward(self, x: Float[Tensor, "batch 1 time"]) -> Float[Tensor, "batch classes"]:
        """Return logits."""
        h = nn.functional.avg_pool1d(self.cells[0](self.stem(x)), 2)
        h = self.head(self.cells[1](h))
        logits: Tensor = self.linear(nn.functional.adaptive_avg_pool1d(h, 4).flatten(1))
        return logits


def random_genotype(generator: torch.Generator | None = None) -> Genotype:
    """Draw each edge's operation uniformly.

    Example:
        >>> len(random_genotype())
        6

    Textbook: B70.
    """
    return tuple(torch.randint(len(OPERATIONS), (len(EDGES),), generator=generator).tolist())


def mutated(genotype: Genotype, generator: torch.Generator | None = None) -> Genotype:
    """Give one edge, drawn uniformly, another operation.

    Example:
        >>> sum(a != b for a, b in zip((0,) * 6, mutated((0,) * 6), strict=True))
        1

    Textbook: B70.
    """
    edge = int(torch.randint(len(genotype), (), generator=generator))
    shift = 1 + int(torch.randint(len(OPERATIONS) - 1, (), generator=generator))
    changed = (genotype[edge] + shift) % len(OPERATIONS)
    return (*itertools.islice(genotype, edge), changed, *genotype[edge + 1 :])
