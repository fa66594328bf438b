"""Wide random networks: maps against networks, fixed points over all activations, products of random matrices."""

import math

import pytest
import torch

from rhobar.linalg import gaussian_pair_expectation
from rhobar.nn.activations import ACTIVATIONS, critical_point
from rhobar.theory import mean_field as T
from rhobar.theory import random_matrices as R

POINTWISE = [pytest.param(row, id=name) for name, row in ACTIVATIONS.items() if row.elementwise]
F = torch.nn.functional


def gaussian(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def hermite(phi, order, q, c):
    """Σ a_k² c^k with the Hermite coefficients of φ(√q z): Mehler's formula, a second way to the pair expectation."""
    x, w = (torch.from_numpy(a) for a in __import__("numpy").polynomial.hermite_e.hermegauss(160))
    w, y = w / w.sum(), phi(math.sqrt(q) * x)
    h, total = [torch.ones_like(x), x], 0.0
    for k in range(order):
        total += float(w @ (y * h[k])) ** 2 * c**k
        h.append((x * h[-1] - math.sqrt(k + 1) * h[-2]) / math.sqrt(k + 2))
    return total


@pytest.mark.parametrize("c", [-1.0, -0.7, 0.0, 0.4, 0.95, 1.0])
def test_pair_expectations(c):
    theta = math.acos(c)
    relu = 1.5 * (math.sin(theta) + (math.pi - theta) * c) / (2 * math.pi)
    assert gaussian_pair_expectation(torch.relu, torch.relu, (0.9, 2.5), c) == pytest.approx(relu, abs=1e-11)
    shifted = lambda z: torch.relu(z - 0.5)  # noqa: E731  its kink moves with the first variable
    z = gaussian(2, 400_000)
    u, v = shifted(z[0]), shifted(c * z[0] + math.sqrt(1 - c * c) * z[1])
    found = gaussian_pair_expectation(shifted, shifted, (1.0, 1.0), c, kinks=(0.5,))
    assert abs(float((u * v).mean()) - found) <= 4.5 * float((u * v).std()) / 400_000**0.5 + 1e-12
    for phi in (torch.tanh, F.gelu, F.silu):
        assert gaussian_pair_expectation(phi, phi, (1.3, 1.3), c) == pytest.approx(hermite(phi, 60, 1.3, c), abs=1e-6)
    assert gaussian_pair_expectation(torch.square, lambda z: z, (1.0, 1.0), c) == pytest.approx(0, abs=1e-14)
    for bad in ((0.0, 1.0), (1.0, math.inf)):
        with pytest.raises(ValueError, match="Variances must be positive"):
            gaussian_pair_expectation(torch.relu, torch.relu, bad, c)


NETWORKS = {
    "chaotic tanh": (torch.tanh, 3.0, 0.1),
    "ordered tanh": (torch.tanh, 0.8, 0.3),
    "he relu": (torch.relu, 2.0, 0.0),
    "gelu": (F.gelu, 2.5, 0.2),
    "sigmoid": (torch.sigmoid, 4.0, 0.5),
}


@pytest.mark.parametrize("phi, w, b", NETWORKS.values(), ids=NETWORKS)
def test_a_wide_network_follows_the_profile(phi, w, b):
    width, depth, runs = 700, 7, 12
    predicted = T.signal_profile(phi, depth=depth, weight_variance=w, bias_variance=b, variance=1.5, correlation=0.3)
    q, c, gradient = (torch.zeros(runs, depth).double() for _ in range(3))
    generator = torch.Generator().manual_seed(0)
    for run in range(runs):
        pair = torch.linalg.qr(gaussian(width, 2, seed=run))[0] * width**0.5  # exactly orthogonal, of unit variance
        h = torch.stack([pair[:, 0], 0.3 * pair[:, 0] + math.sqrt(1 - 0.09) * pair[:, 1]]) * 1.5**0.5
        h, layers = h.float().requires_grad_(), []
        for _ in range(depth):
            h.retain_grad()
            layers.append(h)
            W = torch.randn(width, width, generator=generator) * (w / width) ** 0.5
            h = phi(h) @ W.T + torch.randn(width, generator=generator) * b**0.5
        (layers[-1] * torch.randn(2, width, generator=generator)).sum().backward()
        for layer, z in enumerate(layers):
            z, g = z.double(), z.grad.double()
            q[run, layer] = z.square().mean()
            c[run, layer] = z[0] @ z[1] / (z[0].norm() * z[1].norm())
            gradient[run, layer] = g.square().mean()
    gradient = gradient / gradient[:, -1:]
    for measured, truth in ((q, predicted.variance), (c, predicted.correlation), (gradient, predicted.gradient)):
        error = (measured.mean(0) - truth.detach()).abs()
        # finite width shifts the mean by O(1/n) beside the scatter
        assert torch.all(error <= 4.5 * measured.std(0) / runs**0.5 + 0.02 * truth.abs() + 1e-9)


@pytest.mark.parametrize("row", POINTWISE)
def test_the_limit_is_a_fixed_point_of_both_maps(row):
    phi, kinks = row.production, row.kinks or (0.0,)
    for w, b in [(0.5, 0.1), (3.0, 0.2)]:
        limit = T.mean_field_limit(phi, weight_variance=w, bias_variance=b, kinks=kinks)
        options = {"weight_variance": w, "bias_variance": b, "kinks": kinks}
        if limit.q == math.inf:
            assert T.variance_map(phi, 1e6, **options) > 1e6
            continue
        assert T.variance_map(phi, limit.q, **options) == pytest.approx(limit.q, rel=1e-9)
        mapped = T.correlation_map(phi, limit.correlation, limit.q, **options)
        assert mapped == pytest.approx(limit.correlation, abs=1e-9)
        # χ₁ is the slope of the correlation map at 1, ξ_q that of the variance map at q*
        e = 1e-5
        slope = (1 - T.correlation_map(phi, 1 - e, limit.q, **options)) / e
        assert slope == pytest.approx(limit.chi, rel=0.01)
        up, down = (T.variance_map(phi, limit.q * (1 + s * e), **options) for s in (1, -1))
        assert math.exp(-1 / limit.variance_scale) == pytest.approx((up - down) / (2 * e * limit.q), abs=1e-4)
        assert (limit.phase == "ordered") == (limit.chi < 1 - 1e-6)
        assert (limit.correlation < 1 - 1e-9) == (limit.phase == "chaotic")
        if limit.phase == "chaotic":
            ahead, behind = (T.correlation_map(phi, limit.correlation + s * e, limit.q, **options) for s in (1, -1))
            assert math.exp(-1 / limit.correlation_scale) == pytest.approx((ahead - behind) / (2 * e), rel=1e-4)


@pytest.mark.parametrize("row", POINTWISE)
def test_the_edge_of_chaos_is_the_initialisers_critical_point(row):
    """A67: for every activation that has one; σ_b² in, σ_w² out, against q in, both out."""
    phi, kinks = row.production, row.kinks or (0.0,)
    point = critical_point(phi, kinks=kinks)
    if point is None:
        assert row.name in ("softplus",)
        assert T.edge_of_chaos(phi, 0.5, kinks=kinks) is None
        return
    edge = T.edge_of_chaos(phi, point.bias_variance, start=point.q, kinks=kinks)
    limit = T.mean_field_limit(
        phi, weight_variance=edge.weight_variance, bias_variance=edge.bias_variance, start=edge.q or 1e-6, kinks=kinks
    )
    assert limit.phase == "critical" and limit.gradient_scale == math.inf
    if row.name not in ("gelu", "silu", "swish", "mish"):  # they have two points of one σ_b² on either side of a top
        assert edge.weight_variance == pytest.approx(point.weight_variance, rel=1e-6)


def test_he_keeps_signal_and_gradient_over_fifty_layers():
    """A71; and A61: any other variance is felt to the power of the depth."""
    he = T.signal_profile(torch.relu, depth=50, weight_variance=2.0, variance=0.7)
    assert torch.allclose(he.variance, torch.full((50,), 0.7).double())
    assert torch.allclose(he.gradient, torch.ones(50).double())
    less = T.signal_profile(torch.relu, depth=50, weight_variance=1.8)
    assert float(less.gradient[0]) == pytest.approx(0.9**49) and float(less.variance[-1]) == pytest.approx(0.9**49)


def test_known_points_of_the_plane():
    """Poole et al., figure 1: tanh without biases turns chaotic at σ_w = 1; ReLU is critical with He's 2 for any q."""
    assert T.edge_of_chaos(torch.tanh).weight_variance == pytest.approx(1.0)
    he = T.edge_of_chaos(torch.relu, start=3.0)
    assert he.weight_variance == pytest.approx(2.0) and (he.bias_variance, he.q) == (0.0, 3.0)
    assert T.edge_of_chaos(torch.relu, 0.1) is None
    dying = T.mean_field_limit(torch.relu, weight_variance=1.8)
    assert dying.q == 0 and dying.gradient_scale == pytest.approx(-1 / math.log(0.9))
    exploding = T.mean_field_limit(torch.relu, weight_variance=2.2)
    assert exploding.q == math.inf and exploding.gradient_scale == pytest.approx(-1 / math.log(1.1))


def test_the_correlation_decays_by_its_depth_scale():
    """Both phases: ln|c_l − c*| falls by 1/ξ_c a layer."""
    for w, b in [(1.4, 0.1), (3.0, 0.1)]:
        limit = T.mean_field_limit(torch.tanh, weight_variance=w, bias_variance=b)
        c, distances = 0.3, []
        for _ in range(30):
            c = T.correlation_map(torch.tanh, c, limit.q, weight_variance=w, bias_variance=b)
            distances.append(abs(c - limit.correlation))
        assert math.log(distances[20] / distances[25]) / 5 == pytest.approx(1 / limit.correlation_scale, rel=0.02)


@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
@pytest.mark.parametrize("phi, q", [(torch.relu, 1.0), (torch.tanh, 0.3), (lambda z: z, 1.0)])
def test_the_spread_of_singular_values(phi, q, weights):
    """Pennington et al.: masks drawn as the normal pre-activations of variance q would make them."""
    n, depth, runs = 300, 4, 6
    predicted = T.isometry_variance(phi, q, depth, weights=weights)
    moments = []
    for run in range(runs):
        J = torch.eye(n, dtype=torch.float64)
        for layer in range(depth):
            W = gaussian(n, n, seed=100 * run + layer) / n**0.5
            W = torch.linalg.qr(W)[0] if weights == "orthogonal" else W
            z = (q**0.5 * gaussian(n, seed=7000 + 100 * run + layer)).requires_grad_()
            (slope,) = torch.autograd.grad(phi(z).sum(), z)
            J = (slope / slope.square().mean().sqrt())[:, None] * (W @ J)
        squares = torch.linalg.svdvals(J).square()
        moments.append(float((squares / squares.mean()).var()))
    mean, stderr = sum(moments) / runs, torch.tensor(moments).std().item() / runs**0.5
    assert abs(mean - predicted) <= 4.5 * stderr + 0.06 * predicted + 1e-9


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_fuss_catalan_moments_of_a_product(depth):
    n, runs = 200, 10
    squares = []
    for run in range(runs):
        P = torch.eye(n, dtype=torch.float64)
        for layer in range(depth):
            P = gaussian(n, n, seed=100 * run + layer) @ P / n**0.5
        squares.append(torch.linalg.svdvals(P).square())
    for k in (0, 1, 2, 3):
        each = torch.stack([(s**k).mean() for s in squares])
        assert abs(float(each.mean()) - R.fuss_catalan(k, depth)) <= (
            4.5 * float(each.std()) / runs**0.5 + 0.03 * k * R.fuss_catalan(k, depth)
        )
    tops = torch.stack([s.max() for s in squares])
    assert 0.8 * R.product_edge(depth) < float(tops.mean()) < 1.02 * R.product_edge(depth)  # short of it as n^{−2/3}
    ratio = R.fuss_catalan(200, depth) / R.fuss_catalan(199, depth)  # high moments are the edge's
    assert ratio == pytest.approx(R.product_edge(depth) * (1 - 1.5 / 200), rel=1e-3)
    assert R.product_edge(50) == pytest.approx(math.e * 50.5, rel=0.01)


def test_newman_s_exponents():
    n, steps = 4, 4000
    Q, sums = torch.eye(n, dtype=torch.float64), []
    for step in range(steps):
        Q, S = torch.linalg.qr(0.7 * gaussian(n, n, seed=step) @ Q)
        sums.append(S.diagonal().abs().log())
    logs = torch.stack(sums)
    error = (logs.mean(0) - R.gaussian_lyapunov_exponents(n, std=0.7)).abs()
    assert torch.all(error <= 4.5 * logs.std(0) / steps**0.5)
    # the sum is E ln|det W|, the first that of a vector's length
    top = R.gaussian_lyapunov_exponents(n, std=0.7)[0]
    assert R.vector_log_norm(n, 10, std=0.7).mean == pytest.approx(20 * float(top))


@pytest.mark.parametrize("kind, predict", [("linear", R.vector_log_norm), ("relu", R.relu_log_norm)])
def test_the_length_of_a_vector_is_log_normal_with_the_predicted_moments(kind, predict):
    """A61: E ‖x‖² is kept and yet ln ‖x‖² falls: the mean factor is not the typical one."""
    width, depth, runs = 12, 8, 1500
    generator = torch.Generator().manual_seed(0)
    x = torch.ones(runs, width).double() / width**0.5
    for _ in range(depth):
        W = torch.randn(runs, width, width, generator=generator, dtype=torch.float64)
        x = torch.einsum("rij,rj->ri", W * ((2 if kind == "relu" else 1) / width) ** 0.5, x)
        x = x.clamp(min=0) if kind == "relu" else x
    logs = x.square().sum(1)
    logs = logs[logs > 0].log()
    predicted = predict(width, depth)
    assert abs(float(logs.mean()) - predicted.mean) < 4.5 * float(logs.std()) / runs**0.5
    assert float(logs.var()) == pytest.approx(predicted.variance, rel=0.2)
    assert predicted.mean < -depth / width / 2


REFUSED = {
    "order": lambda: R.fuss_catalan(-1, 2),
    "depth": lambda: R.product_edge(0),
    "std": lambda: R.vector_log_norm(3, 4, std=-1.0),
    "start": lambda: T.mean_field_limit(torch.tanh, weight_variance=1.0, start=0.0),
    "profile": lambda: T.signal_profile(torch.tanh, depth=0, weight_variance=1.0),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_refusals(call):
    with pytest.raises(ValueError, match="got"):
        call()
