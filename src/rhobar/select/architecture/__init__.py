"""Architecture search over a small space of cells: at random, by evolution, by a policy, by differentiation."""

from rhobar.select.architecture.differentiable import Differentiable, MixedCell, differentiable_search
from rhobar.select.architecture.policy import draw_architectures, expected_score, policy_search, score_gradient
from rhobar.select.architecture.sampling import Found, evolution_search, random_architectures
from rhobar.select.architecture.space import (
    EDGES,
    OPERATIONS,
    Cell,
    CellNetwork,
    Genotype,
    mutated,
    random_genotype,
)

__all__ = [
    "EDGES",
    "OPERATIONS",
    "Cell",
    "CellNetwork",
    "Differentiable",
    "Found",
    "Genotype",
    "MixedCell",
    "differentiable_search",
    "draw_architectures",
    "evolution_search",
    "expected_score",
    "mutated",
    "policy_search",
    "random_architectures",
    "random_genotype",
    "score_gradient",
]
