"""Maps whose fixed points, exponents and attractors are known."""

import math

import pytest
import torch
from torch import nn

from rhobar.probes.dynamics import attractors, fixed_points, lyapunov_spectrum, recurrent_map
from rhobar.probes.dynamics.maps import derivative


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def logistic(r):
    return lambda x: r * x * (1 - x)


def tent(x):
    return 1 - 1.99999 * (x - 0.5).abs()


def lorenz(dt):
    def flow(x):
        a, b, c = x.unbind(1)
        return torch.stack([10 * (b - a), a * (28 - c) - b, a * b - 8 / 3 * c], 1)

    def step(x):
        k1 = flow(x)
        k2 = flow(x + dt / 2 * k1)
        k3 = flow(x + dt / 2 * k2)
        return x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + flow(x + dt * k3))

    return step


def starts(n=6, d=1, seed=0, low=0.1, high=0.9):
    return low + (high - low) * torch.rand(n, d, generator=torch.Generator().manual_seed(seed))


EXPONENTS = {
    "logistic, r = 4": (logistic(4.0), math.log(2)),
    "tent": (tent, math.log(1.99999)),
    "logistic, r = 2.5": (logistic(2.5), math.log(0.5)),
    "doubling": (lambda x: (2 * x).remainder(1 + 1e-12) + 1e-9 * torch.sin(50 * x), math.log(2)),
}


@pytest.mark.parametrize("name", EXPONENTS)
def test_known_exponents(name):
    f, truth = EXPONENTS[name]
    found = lyapunov_spectrum(f, starts(), num_steps=1000, num_transient=50 if name != "doubling" else 0)
    assert found.values[0].item() == pytest.approx(truth, abs=4 * found.stderr[0].item() + 1e-3)
    assert found.chaotic == (truth > 0)


def test_exponent_errors_are_standard_normal():
    z = []
    for seed in range(24):
        found = lyapunov_spectrum(logistic(3.9), starts(4, seed=seed), num_steps=160, num_transient=30, num_blocks=5)
        z.append((found.values[0] - 0.4945).item() / found.stderr[0].item())  # 0.4945 from 4 × 10⁶ steps
    z = torch.tensor(z)
    assert abs(z.mean()) < 0.5
    assert 0.7 < z.std() < 1.4


def test_lorenz():
    at = torch.tensor([[1.0, 1.0, 20.0], [-5.0, -4.0, 25.0], [8.0, 3.0, 30.0], [2.0, 5.0, 15.0]])
    found = lyapunov_spectrum(
        lorenz(0.02),
        at.repeat(4, 1) + torch.randn(16, 3),
        num_steps=1000,
        num_transient=250,
        time_step=0.02,
        num_blocks=4,
    )
    assert found.values[0].item() == pytest.approx(0.906, abs=max(3 * found.stderr[0].item(), 0.03))
    assert found.stderr[0] < 0.06
    assert found.values[1].item() == pytest.approx(0, abs=0.02)
    assert found.values.sum().item() == pytest.approx(-(10 + 1 + 8 / 3), abs=0.02)
    assert found.dimension == pytest.approx(2.062, abs=0.02)


def test_a_linear_net_has_the_logarithms_of_its_singular_values_when_normal():
    cell = nn.RNN(2, 4, bias=False)
    Q = torch.linalg.qr(torch.randn(4, 4))[0]
    rates = torch.tensor([0.9, 0.7, 0.5, 0.2])
    W = Q @ torch.diag(rates) @ Q.T
    found = lyapunov_spectrum(lambda h: h @ W.T, torch.randn(2, 4), num_steps=60)
    assert torch.allclose(found.values, rates.log(), atol=1e-6)
    assert recurrent_map(cell, torch.zeros(2)).dim == 4
    top = lyapunov_spectrum(lambda h: h @ W.T, torch.randn(2, 4), num_steps=60, num_exponents=2)
    assert torch.allclose(top.values, rates[:2].log(), atol=1e-6)


@pytest.mark.parametrize("gain, chaotic", [(0.7, False), (1.8, True)])
def test_a_wide_random_net_is_chaotic_above_gain_one(gain, chaotic):
    net = nn.RNN(1, 100, bias=False)
    with torch.no_grad():
        net.weight_hh_l0.normal_(0, gain / 10)
    f = recurrent_map(net, torch.zeros(1))
    found = lyapunov_spectrum(f, torch.randn(1, 100), num_exponents=1, num_steps=120, num_transient=60, num_blocks=8)
    assert found.chaotic == chaotic


@pytest.mark.parametrize("r", [0.5, 2.5, 3.2, 3.9])
def test_fixed_points_of_the_logistic_map(r):
    found = fixed_points(logistic(r), torch.cat([starts(20, low=-2.0, high=2.0)]))
    expected = {0.0: r, 1 - 1 / r: abs(2 - r)}
    assert len(found.points) == 2
    for point in found.points:
        at = min(expected, key=lambda x: abs(x - point.point.item()))
        assert point.point.item() == pytest.approx(at, abs=1e-7)
        assert point.radius == pytest.approx(expected[at], abs=1e-5)
        assert (point.kind == "stable") == (expected[at] < 1)
    assert sum(p.share for p in found.points) * 20 == pytest.approx(20 - found.num_lost)


@pytest.mark.parametrize("radius", [0.5, 0.95, 1.4])
def test_a_linear_net_has_one_fixed_point(radius):
    """B53: it is stable if and only if ρ(J) < 1."""
    W, b = torch.randn(5, 5), torch.randn(5)
    W *= radius / torch.linalg.eigvals(W).abs().max()
    found = fixed_points(lambda h: h @ W.T + b, torch.randn(8, 5))
    (point,) = found.points
    assert torch.allclose(point.point, torch.linalg.solve(torch.eye(5) - W, b), atol=1e-6)
    assert point.radius == pytest.approx(radius) and (point.kind == "stable") == (radius < 1)
    h = point.point + 1e-3 * torch.randn(5)
    for _ in range(400):
        h = W @ h + b
    assert ((h - point.point).norm() < 1e-4) == (radius < 1)


def test_a_saddle_and_a_map_without_fixed_points():
    found = fixed_points(lambda x: x * torch.tensor([2.0, 0.5]), torch.randn(4, 2))
    assert found.points[0].kind == "saddle" and found.points[0].num_unstable == 1
    none = fixed_points(lambda x: x + 1 + 0 * x**2, torch.randn(4, 2))
    assert not none.points and none.num_lost == 4


MODULES = {
    "rnn": (nn.RNN, {}),
    "relu": (nn.RNN, {"nonlinearity": "relu"}),
    "gru": (nn.GRU, {"num_layers": 2}),
    "lstm": (nn.LSTM, {"batch_first": True}),
    "deep lstm": (nn.LSTM, {"num_layers": 2, "proj_size": 2}),
    "rnn cell": (nn.RNNCell, {}),
    "gru cell": (nn.GRUCell, {}),
    "lstm cell": (nn.LSTMCell, {}),
}


@pytest.mark.parametrize("name", MODULES)
def test_the_map_is_the_module(name):
    make, kwargs = MODULES[name]
    module, x = make(3, 4, **kwargs), torch.randn(3)
    f = recurrent_map(module, x)
    h = torch.randn(2, f.dim)
    twice = f(f(h)).detach()
    if isinstance(module, nn.RNNBase):
        sequence = x.expand(2, 2, 3)
        sizes = [module.num_layers * (module.proj_size or 4)]
        parts = h.split([sizes[0], f.dim - sizes[0]], 1)
        state = [p.reshape(2, module.num_layers, -1).transpose(0, 1).contiguous() for p in parts if p.numel()]
        _, after = module(sequence, tuple(state) if len(state) == 2 else state[0])
        after = after if isinstance(after, tuple) else (after,)
        expected = torch.cat([p.transpose(0, 1).reshape(2, -1) for p in after], 1)
    else:
        state = h.split(4, 1)
        for _ in range(2):
            out = module(x.expand(2, 3), tuple(state) if len(state) == 2 else state[0])
            state = out if isinstance(out, tuple) else (out,)
        expected = torch.cat(state, 1)
    assert torch.allclose(twice, expected)
    _, J = derivative(f, h)
    exact = torch.autograd.functional.jacobian(lambda v: f(v[None])[0], h[1])
    assert torch.allclose(J[1], exact)
    found = fixed_points(f, torch.randn(6, f.dim))
    for point in found.points:
        assert torch.allclose(f(point.point[None])[0], point.point, atol=1e-7)


@pytest.mark.parametrize(
    "r, kind, period",
    [(2.5, "point", 1), (3.2, "cycle", 2), (3.5, "cycle", 4), (3.83, "cycle", 3), (3.95, "chaotic", 0)],
)
def test_attractors_of_the_logistic_map(r, kind, period):
    found = attractors(logistic(r), starts(8))
    (only,) = found.found
    assert (only.kind, only.period) == (kind, period) and only.basin.value == 1 and found.escaped == 0


def test_basins_and_escapes():
    found = attractors(lambda x: x - 0.3 * (x**3 - x), torch.linspace(-1.5, 1.5, 40)[:, None])
    assert sorted(round(a.states[0, 0].item(), 3) for a in found.found) == [-1, 1]
    assert [a.basin.value for a in found.found] == [0.5, 0.5]
    assert attractors(lambda x: 2 * x, torch.tensor([[1.0], [0.0]]), num_transient=2000).escaped == 0.5


def test_a_rotation_is_neither_periodic_nor_chaotic():
    a = 1.0
    R = torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    (only,) = attractors(lambda x: x @ R.T, torch.tensor([[1.0, 0.0]]), max_period=30).found
    assert only.kind == "aperiodic"


def test_a_hopfield_net_returns_a_corrupted_pattern_and_its_energy_never_rises():
    """B54, with asynchronous updates."""
    g = torch.Generator().manual_seed(0)
    patterns = torch.randint(2, (3, 100), generator=g) * 2.0 - 1
    W = patterns.T @ patterns / 100
    W.fill_diagonal_(0)

    def sweep(x):
        x = x.clone()
        for i in range(100):
            x[:, i] = torch.where(x @ W[i] >= 0, 1.0, -1.0)
        return x

    corrupted = patterns.clone()
    corrupted[:, :15] *= -1
    energies = [
        -0.5 * torch.einsum("bi,ij,bj->b", x, W, x) for x in (corrupted, sweep(corrupted), sweep(sweep(corrupted)))
    ]
    assert (energies[1] <= energies[0]).all() and (energies[2] <= energies[1] + 1e-12).all()
    found = attractors(sweep, corrupted, num_transient=3, max_period=2)
    ends = {tuple(a.states[0].tolist()) for a in found.found}
    assert ends == {tuple(p.tolist()) for p in patterns}


@pytest.mark.parametrize("call, words", [
    (lambda: recurrent_map(nn.Linear(2, 2), torch.zeros(2)), "must be nn.RNN"),
    (lambda: recurrent_map(nn.GRU(2, 2, bidirectional=True), torch.zeros(2)), "both directions"),
    (lambda: recurrent_map(nn.GRU(2, 2), torch.zeros(3)), "shape"),
    (lambda: fixed_points(lambda x: x[:, :1], torch.zeros(2, 3)), "must return states"),
    (lambda: fixed_points(lambda x: x.detach(), torch.zeros(2, 3)), "differentiable"),
    (lambda: lyapunov_spectrum(lambda x: 9 * x**2, torch.ones(1, 1)), "left the finite numbers"),
    (lambda: attractors(lambda x: x, torch.full((1, 1), torch.nan)), "NaN"),
])  # fmt: skip
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()
