import itertools
import math
import statistics

import pytest
import torch
from torch import nn

from rhobar.select.architecture import (
    EDGES,
    OPERATIONS,
    Cell,
    CellNetwork,
    MixedCell,
    differentiable_search,
    draw_architectures,
    evolution_search,
    expected_score,
    mutated,
    policy_search,
    random_architectures,
    random_genotype,
    score_gradient,
)

NAMES = list(OPERATIONS)
GOOD = (3, 1, 3, 0, 4, 2)


def rand(seed):
    return torch.Generator().manual_seed(seed)


def alike(genotype):
    """Edges that are as in GOOD."""
    return float(sum(a == b for a, b in zip(genotype, GOOD, strict=True)))


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_keeps_the_shape_and_has_a_gradient_where_it_should(name):
    x = torch.randn(3, 8, 10, requires_grad=True)
    out = OPERATIONS[name](8)(x)
    assert out.shape == x.shape
    if name != "none":
        out.square().sum().backward()
        assert float(x.grad.abs().sum()) > 0


def test_a_cell_adds_what_its_edges_bring():
    """Edges in order: 0→1, 0→2, 1→2, 0→3, 1→3, 2→3."""
    assert EDGES == ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
    x = torch.randn(2, 4, 9)
    none, skip = NAMES.index("none"), NAMES.index("skip")
    paths = {
        (none,) * 6: 0,
        (none, none, none, skip, none, none): 1,
        (skip,) * 6: 4,
        (skip, none, skip, none, none, skip): 1,
    }
    for genotype, count in paths.items():
        assert torch.allclose(Cell(4, genotype)(x), count * x, atol=1e-6), genotype


def test_a_mixture_that_is_sure_is_the_cell():
    torch.manual_seed(0)
    alpha = nn.Parameter(torch.zeros(len(EDGES), len(OPERATIONS)))
    mixed, cell = MixedCell(4, alpha).eval(), Cell(4, GOOD).eval()
    for e, g in enumerate(GOOD):
        cell.operations[e].load_state_dict(mixed.operations[e][g].state_dict())
        with torch.no_grad():
            alpha[e, g] = 200.0
    x = torch.randn(3, 4, 11)
    assert torch.allclose(mixed(x), cell(x), atol=1e-5)


def test_mutation_changes_one_edge_and_reaches_everything():
    seen = set()
    for seed in range(400):
        child = mutated(GOOD, rand(seed))
        changed = [(e, c) for e, (a, c) in enumerate(zip(GOOD, child, strict=True)) if a != c]
        assert len(changed) == 1
        seen |= set(changed)
    assert len(seen) == len(EDGES) * (len(OPERATIONS) - 1)


def test_random_architectures_are_uniform():
    drawn = [random_genotype(g) for g in [rand(0)] for _ in range(3000)]
    for edge in range(len(EDGES)):
        for operation in range(len(OPERATIONS)):
            assert sum(d[edge] == operation for d in drawn) == pytest.approx(600, abs=90)


@pytest.mark.parametrize("search", [random_architectures, evolution_search])
def test_the_budget_is_kept_and_the_best_is_the_best(search):
    calls = []
    found = search(lambda g: calls.append(g) or alike(g), num_evaluations=50, generator=rand(0))
    assert len(calls) == len(found.history) == 50
    assert found.score == max(s for _, s in found.history) == alike(found.best)
    assert [g for g, _ in found.history] == calls
    assert search(alike, num_evaluations=50, generator=rand(0)) == found


def test_evolution_beats_chance_at_equal_cost_on_a_smooth_score():
    gains = []
    for seed in range(10):
        evolved = evolution_search(alike, num_evaluations=120, generator=rand(seed)).score
        gains.append(evolved - random_architectures(alike, num_evaluations=120, generator=rand(seed)).score)
    assert statistics.mean(gains) > 0.8


def test_evolution_drops_the_oldest_however_good():
    """The first one has a lucky score; once P others have come, no parent is it any more."""
    lucky = (0,) * 6
    parents = []

    def mutate(parent, generator):
        parents.append(parent)
        return mutated((4,) * 6, generator)

    scores = iter([100.0, *[0.0] * 100])
    draws = iter([lucky, *[(4,) * 6] * 4])
    evolution_search(
        lambda g: next(scores),
        num_evaluations=30,
        population=5,
        sample=5,
        mutate=mutate,
        draw=lambda _: next(draws),
        generator=rand(0),
    )
    assert parents[0] == lucky
    assert lucky not in parents[1:]


def test_the_score_gradient_is_unbiased():
    """Against autograd of the enumerated expectation; with a baseline and without."""
    alpha = torch.randn(2, 3, generator=rand(0), dtype=torch.float64, requires_grad=True)
    reward = {
        a: float(torch.randn((), generator=rand(10 + i))) for i, a in enumerate(itertools.product(range(3), repeat=2))
    }
    expected_score(alpha, reward.__getitem__).backward()
    for baseline in (0.0, 2.0, None):
        parts = []
        for seed in range(300):
            samples = draw_architectures(alpha.detach(), 20, generator=rand(seed))
            scores = torch.tensor([reward[tuple(a)] for a in samples.tolist()], dtype=torch.float64)
            parts.append(score_gradient(alpha.detach(), samples, scores, baseline=baseline))
        parts = torch.stack(parts)
        z = (parts.mean(0) - alpha.grad) / (parts.std(0) / math.sqrt(300))
        assert float(z.abs().max()) < 4
        assert float(z.abs().max()) > 0.05, "an estimate that is exact would need no error bar"


def test_a_baseline_makes_it_less_noisy():
    alpha = torch.zeros(3, 4, dtype=torch.float64)
    spread = {}
    for baseline in (0.0, None):
        parts = []
        for seed in range(200):
            samples = draw_architectures(alpha, 10, generator=rand(seed))
            parts.append(score_gradient(alpha, samples, 10 + samples.sum(1).double(), baseline=baseline))
        spread[baseline] = float(torch.stack(parts).var(0).sum())
    assert spread[None] < 0.2 * spread[0.0]


def test_the_policy_climbs_to_the_best():
    best, alpha = policy_search(alike, (6, 5), num_evaluations=600, generator=rand(0))
    assert alike(best) == 6
    assert float(expected_score(alpha[:3], lambda a: float(sum(x == y for x, y in zip(a, GOOD[:3], strict=True))))) > 2


def test_differentiable_search_prefers_what_helps():
    """Classes that only a pattern of three neighbours tells: convolutions of width 3 gain weight."""
    torch.manual_seed(0)
    patterns = torch.tensor([[1.0, -2.0, 1.0], [-1.0, 2.0, -1.0]])
    y = torch.randint(2, (400,))
    x = 0.3 * torch.randn(400, 1, 40)
    for row in range(400):
        for at in torch.randint(37, (4,)).tolist():
            x[row, 0, at : at + 3] += patterns[y[row]]
    batches = [(x[i : i + 50], y[i : i + 50]) for i in range(0, 400, 50)]
    found = differentiable_search(batches[:4], batches[4:], 2, num_steps=40, channels=6)
    assert found.mixture.shape == (6, 5)
    assert torch.allclose(found.mixture.sum(1), torch.ones(6))
    assert NAMES.index("none") not in found.best
    gained = found.mixture.mean(0)
    assert float(gained[NAMES.index("conv3")]) > float(gained[NAMES.index("none")])
    net = CellNetwork(2, lambda width: Cell(width, found.best), channels=6)
    assert net(x).shape == (400, 2)


@pytest.mark.parametrize("call", [
    lambda: Cell(4, (0, 1)), lambda: Cell(4, (9,) * 6), lambda: random_architectures(alike, num_evaluations=0),
    lambda: evolution_search(alike, num_evaluations=5), lambda: policy_search(alike, (6, 5), num_evaluations=1),
    lambda: differentiable_search([], [], 2, num_steps=0),
])  # fmt: skip
def test_refusals(call):
    with pytest.raises(ValueError, match="got"):
        call()
