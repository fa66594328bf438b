import pytest
import torch
from torch import nn

from rhobar.optim import ema, lbfgs, swa


def follow(make, values, **settings):
    model = nn.Linear(2, 1).double()
    average = make(model, **settings)
    for value in values:
        with torch.no_grad():
            for p in model.parameters():
                p.fill_(value)
        average.update_parameters(model)
    return model, average


def test_a92_ema_is_the_exponential_mean_from_the_first_value():
    values, d = [3.0, -1.0, 4.0, 1.0], 0.8
    _, average = follow(ema, values, decay=d)
    expected = d**3 * 3.0 + (1 - d) * (d**2 * -1.0 + d * 4.0 + 1.0)
    assert average.module.bias.item() == pytest.approx(expected, rel=1e-12)


def test_a92_swa_is_the_mean():
    model, average = follow(swa, [3.0, -1.0, 4.0, 2.0])
    assert average.module.bias.item() == pytest.approx(2.0, rel=1e-7)  # torch interpolates with float32 weights
    assert model.bias.item() == 2.0


def test_the_mean_of_a_noise_ball_is_closer_to_the_minimum_than_its_points():
    """∇L = θ + noise at η = 0.2: a point has variance η/(2 − η), the mean of T points about 1/T."""
    theta = nn.Linear(400, 1, bias=False).double()
    average, generator = swa(theta), torch.Generator().manual_seed(0)
    for t in range(300):
        with torch.no_grad():
            noise = torch.randn(1, 400, generator=generator, dtype=torch.float64)
            theta.weight -= 0.2 * (theta.weight + noise)
        if t >= 50:
            average.update_parameters(theta)
    assert theta.weight.var().item() == pytest.approx(0.2 / 1.8, rel=0.3)
    assert average.module.weight.var().item() == pytest.approx(1 / 250, rel=0.3)


@pytest.mark.parametrize("average_buffers", [True, False])
def test_buffers_of_batch_norm(average_buffers):
    model = nn.BatchNorm1d(1)
    average = ema(model, decay=0.5, average_buffers=average_buffers)
    for mean in (2.0, 4.0):
        model.running_mean.fill_(mean)
        average.update_parameters(model)
    assert average.module.running_mean.item() == (3.0 if average_buffers else 4.0)


@pytest.mark.parametrize("make", [ema, swa])
def test_state_resumes(make):
    model, average = follow(make, [1.0, 2.0])
    again = make(model)
    again.load_state_dict(average.state_dict())
    for copy in (average, again):
        copy.update_parameters(model)
    assert torch.equal(average.module.weight, again.module.weight)
    assert again.n_averaged == 3


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_refuses_decays(decay):
    with pytest.raises(ValueError, match=r"decay must be in \[0, 1\)"):
        ema(nn.Linear(1, 1), decay=decay)


# L-BFGS through torch.


def quadratic(d=6):
    Q = torch.randn(d, d, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    H, b = Q @ Q.T + torch.eye(d, dtype=torch.float64), Q[0]
    theta = nn.Parameter(torch.zeros(d, dtype=torch.float64))

    def loss():
        return theta @ H @ theta / 2 - b @ theta

    return theta, H, loss, torch.linalg.solve(H, b)


def closure_of(optimizer, loss):
    def closure():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    return closure


def test_b23_the_last_pair_obeys_the_secant_equation():
    theta, H, loss, minimum = quadratic()
    optimizer = lbfgs([theta], max_iter=4)
    optimizer.step(closure_of(optimizer, loss))
    state = optimizer.state[theta]
    assert len(state["old_stps"]) >= 2
    for s, y in zip(state["old_stps"], state["old_dirs"], strict=True):
        torch.testing.assert_close(H @ s, y)
    assert not torch.allclose(theta.detach(), minimum, atol=1e-6)


def test_b23_a_quadratic_takes_about_as_many_steps_as_dimensions():
    """d + 1 with an exact line search; strong Wolfe is not exact."""
    theta, H, loss, minimum = quadratic()
    optimizer = lbfgs([theta], max_iter=14)
    start, least = loss().item(), loss().item() - (minimum @ H @ minimum / 2).item()
    optimizer.step(closure_of(optimizer, loss))
    assert loss().item() - least < 1e-6 * (start - least)
    assert optimizer.state[theta]["n_iter"] <= 14


def test_without_the_line_search_it_diverges_where_curvature_vanishes():
    """log cosh is flat in curvature far out: the full quasi-Newton step overshoots ever further."""
    ends = {}
    for safe in (True, False):
        theta = nn.Parameter(torch.tensor([8.0, 3.0], dtype=torch.float64))
        optimizer = lbfgs([theta], max_iter=60) if safe else torch.optim.LBFGS([theta], max_iter=60)
        optimizer.step(closure_of(optimizer, lambda t=theta: t.cosh().log().sum()))
        ends[safe] = theta.detach().abs().max().item()
    assert ends[True] < 1e-5
    assert not ends[False] < 1


@pytest.mark.parametrize("settings", [{"max_iter": 0}, {"history_size": 0}, {"lr": 0.0}])
def test_lbfgs_refuses(settings):
    with pytest.raises(ValueError, match="must be"):
        lbfgs([nn.Parameter(torch.ones(1))], **settings)
