import pytest
import torch
from typer.testing import CliRunner

from rhobar.cli.main import app
from rhobar.optim.landscapes import LANDSCAPES
from rhobar.optim.rules import RULES
from rhobar.optim.trajectories import RATES, compare_rules, steps_to_arrive

rows = pytest.mark.parametrize("landscape", LANDSCAPES.values(), ids=LANDSCAPES)


@rows
def test_minima_are_minima_of_equal_height_within_the_window(landscape):
    x0, x1, y0, y1 = landscape.window
    values = []
    for minimum in landscape.minima:
        theta = torch.tensor(minimum, dtype=torch.float64)
        values.append(float(landscape.loss(theta)))
        assert torch.allclose(landscape.gradient(theta), torch.zeros(2, dtype=torch.float64), atol=1e-12)
        assert bool((torch.linalg.eigvalsh(torch.autograd.functional.hessian(landscape.loss, theta)) > 0).all())
        assert x0 < minimum[0] < x1
        assert y0 < minimum[1] < y1
    assert max(values) - min(values) < 1e-12
    grid = torch.cartesian_prod(torch.linspace(x0, x1, 80), torch.linspace(y0, y1, 80)).double()
    assert float(landscape.loss(grid).min()) >= min(values)
    assert x0 < landscape.start[0] < x1
    assert y0 < landscape.start[1] < y1


@rows
def test_the_gradient_is_that_of_finite_differences(landscape):
    theta = torch.randn(5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    h = 1e-6
    found = landscape.gradient(theta)
    for i in range(2):
        e = h * torch.eye(2, dtype=torch.float64)[i]
        assert torch.allclose(
            found[:, i], (landscape.loss(theta + e) - landscape.loss(theta - e)) / (2 * h), rtol=1e-5, atol=1e-6
        )


def test_each_is_what_it_is_called():
    hessian = torch.autograd.functional.hessian
    at = {n: hessian(row.loss, torch.tensor(row.start, dtype=torch.float64)) for n, row in LANDSCAPES.items()}
    ends = torch.linalg.eigvalsh(at["quadratic"])
    assert float(ends[1] / ends[0]) == pytest.approx(20)
    ends = torch.linalg.eigvalsh(at["saddle"])
    assert float(ends[0]) < -0.9 < 0.9 < float(ends[1])
    plain = LANDSCAPES["plateau"]
    start = torch.tensor(plain.start, dtype=torch.float64)
    assert float(torch.linalg.vector_norm(plain.gradient(start))) < 0.06
    assert abs(float(LANDSCAPES["saddle"].gradient(torch.tensor(LANDSCAPES["saddle"].start))[1])) < 2e-3


def test_gradient_descent_follows_the_theory_of_the_quadratic():
    """η = 1/λ arrives at rate (1 − η); above 2/λ_max it diverges; in between it oscillates across the valley."""
    rule = {"gradient-descent": RULES["gradient-descent"]}
    (slow,) = compare_rules(LANDSCAPES["quadratic"], rules=rule, rates=[0.01], num_steps=50)
    assert slow.steps is None
    assert bool((slow.losses.diff() < 0).all())
    (wild,) = compare_rules(LANDSCAPES["quadratic"], rules=rule, rates=[0.11], num_steps=50)
    assert float(wild.losses[-1]) > float(wild.losses[0])
    (crossing,) = compare_rules(LANDSCAPES["quadratic"], rules=rule, rates=[0.09], num_steps=50)
    assert float(crossing.losses[-1]) < float(crossing.losses[0])


def test_the_best_rate_is_chosen_and_the_first_stands_first():
    few = {name: RULES[name] for name in ("gradient-descent", "nesterov")}
    ways = compare_rules(LANDSCAPES["quadratic"], rules=few, num_steps=120)
    assert [w.rule for w in ways] == ["nesterov", "gradient-descent"]
    for way in ways:
        for lr in RATES[::3]:
            (other,) = compare_rules(
                LANDSCAPES["quadratic"], rules={way.rule: RULES[way.rule]}, rates=[lr], num_steps=120
            )
            assert other.steps is None or other.steps >= way.steps
        assert steps_to_arrive(way.losses, 0.0) == way.steps


def test_arriving_means_to_stay():
    assert steps_to_arrive(torch.tensor([1.0, 1e-4, 1.0, 1e-4]), 0.0) == 3
    assert steps_to_arrive(torch.tensor([1.0, 1e-4, 1.0]), 0.0) is None
    assert steps_to_arrive(torch.tensor([1.0, 1e-4, float("nan")]), 0.0) is None
    assert steps_to_arrive(torch.tensor([3.0, 2.001, 2.0009]), 2.0) == 1


def test_the_command_compares_and_draws(tmp_path):
    result = CliRunner().invoke(app, ["optimizers", "--compare", "saddle", "--steps", "15", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert sum(line.strip().split()[0] in RULES for line in result.output.splitlines()[1:] if line.strip()) == len(
        RULES
    )
    drawn = (tmp_path / "saddle.svg").read_text()
    assert all(name in drawn for name in RULES)
    result = CliRunner().invoke(app, ["optimizers", "--compare", "hill"])
    assert result.exit_code == 2
    assert "There is no landscape 'hill'" in result.output
