"""A graph net answers a renumbered graph with renumbered answers."""

from itertools import islice, permutations

import torch

from rhobar.experiments.checks import at_least, at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.architectures import GCN
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_NODES, _FEATURES = 7, 3


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    upper = (torch.rand(_NODES, _NODES, generator=generator) < 0.4).double().triu(1)
    A = upper + upper.T
    X = torch.randn(_NODES, _FEATURES, generator=generator, dtype=torch.float64)
    numbers = torch.arange(_NODES, dtype=torch.float64)[:, None]
    with torch.random.fork_rng():
        torch.manual_seed(setting.seed)
        model = GCN(_FEATURES + 1, 16, 4).double().eval()
        plain = torch.nn.Linear(_NODES * (_FEATURES + 1), _NODES * 4).double()

    def described(features: torch.Tensor) -> torch.Tensor:
        """Add a constant, or in the control the number of the node."""
        return torch.cat([features, numbers if setting.broken else torch.ones_like(numbers)], dim=1)

    with torch.no_grad():
        answer = model(described(X), A)
        flat = plain(described(X).flatten()).reshape(_NODES, 4)
        graph, other = [], []
        for order in islice(permutations(range(_NODES)), 1, setting.size(200, 5040)):
            o = torch.tensor(order)
            graph.append(((model(described(X[o]), A[o][:, o]) - answer[o]).norm() / answer.norm()).item())
            other.append(((plain(described(X[o]).flatten()).reshape(_NODES, 4) - flat[o]).norm() / flat.norm()).item())
    places = tuple(float(i) for i in range(0, len(graph), 10))
    return Result(
        checks=(
            at_most("largest relative difference of f(PAPᵀ, PX) and P f(A, X)", 1e-12, max(graph)),
            at_least("least difference for a plain linear layer", 1e-3, min(other)),
        ),
        figures=(
            Plot(
                "Renumbered graphs", "permutation", "relative difference",
                (
                    Curve("predicted", places, (0.0,) * len(places)),
                    Curve("measured, graph net", places, tuple(graph[::10])),
                    Curve("measured, plain layer", places, tuple(other[::10])),
                ),
            ),
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="graph-permutation",
    claim="A graph convolution net whose inputs do not name the nodes is permutation equivariant: "
    "f(PAPᵀ, PX) = P f(A, X).",
    source="Kipf and Welling (2017), eq. 2; Bronstein et al. (2021), Geometric deep learning, section 4.1.",
    textbook=("B78",),
    control="the number of a node is one of its features",
    run=_run,
    formulas=("rhobar.nn.architectures.GCN",),
)
