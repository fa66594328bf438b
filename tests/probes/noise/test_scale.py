"""Laws of the gradient noise and of the cosines, on problems whose moments are known."""

import math

import pytest
import torch
from tests.probes.curvature.nets import net
from torch import nn

from rhobar.probes.noise import batch_cosines, gradient_noise
from rhobar.probes.noise.scale import noise_from


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def drawn(n, mean, spread, seed, dim=5):
    """Gradients g_i ~ N(mean e₁, spread² I / dim)."""
    g = torch.randn(n, dim, generator=torch.Generator().manual_seed(seed)) * spread / dim**0.5
    g[:, 0] += mean
    return g


def noise_of(g, **kwargs):
    return noise_from(g.square().sum(1), g @ g.mean(0), **kwargs)


@pytest.mark.parametrize("name", ["mlp", "attention", "group norm", "batch norm, eval", "lstm", "tied", "dropout"])
def test_moments_are_those_of_single_gradients(name):
    model, loss, batches = net(name)
    if name == "dropout":
        model.eval()
    found = gradient_noise(model, loss, batches)
    rows = []
    for x, y in batches:
        for i in range(len(y)):
            value = loss(model(x)[i : i + 1], y[i : i + 1])
            rows.append(torch.cat([g.flatten() for g in torch.autograd.grad(value, list(model.parameters()))]))
    g = torch.stack(rows)
    n = len(g)
    assert found.variance == pytest.approx(g.var(0).sum().item())
    assert found.square == pytest.approx((g.mean(0).square().sum() - g.var(0).sum() / n).item())
    assert found.diversity == pytest.approx((g.square().sum() / g.sum(0).square().sum()).item())
    assert found.num_samples == n
    assert sum(found.variances.values()) == pytest.approx(found.variance)
    first = next(model.parameters()).numel()
    assert next(iter(found.variances.values())) == pytest.approx(g[:, :first].var(0).sum().item())
    other = noise_of(g)
    assert other.variance_stderr == pytest.approx(found.variance_stderr)
    assert other.interval == pytest.approx(found.interval)


def test_jackknife_leaves_each_sample_out():
    g = drawn(7, 1.0, 2.0, 0)
    found = noise_of(g)
    left = [noise_of(torch.cat([g[:i], g[i + 1 :]])) for i in range(7)]
    for name in ("variance", "square"):
        values = torch.tensor([getattr(x, name) for x in left])
        assert getattr(found, name + "_stderr") == pytest.approx(
            (6 / 7 * (values - values.mean()).square().sum()).sqrt().item()
        )


def test_scores_are_standard_normal():
    z = {"variance": [], "square": []}
    truth = {"variance": 4.0, "square": 1.0}
    for seed in range(400):
        found = noise_of(drawn(60, 1.0, 2.0, seed))
        for name in z:
            z[name].append((getattr(found, name) - truth[name]) / getattr(found, name + "_stderr"))
    for values in map(torch.tensor, z.values()):
        assert abs(values.mean()) < 0.25
        assert 0.85 < values.std() < 1.2


@pytest.mark.parametrize("mean", [1.0, 0.3, 0.0])
def test_the_interval_covers(mean):
    truth = 4 / mean**2 if mean else math.inf
    covered = 0
    for seed in range(300):
        low, high = noise_of(drawn(60, mean, 2.0, seed), confidence=0.9).interval
        assert 0 <= low <= high
        covered += low <= truth <= high
    assert 0.83 * 300 <= covered <= (0.96 if mean == 1.0 else 1.0) * 300


def test_the_end_is_open_where_the_gradient_may_be_zero():
    assert noise_of(drawn(20, 0.0, 2.0, 0)).interval[1] == math.inf
    assert noise_of(drawn(20, 10.0, 2.0, 0)).interval[1] < 1


def test_equal_samples_have_no_noise():
    model, loss, batches = net("mlp")
    x, y = batches[0]
    found = gradient_noise(model, loss, [(x[:1].expand(5, -1), y[:1].expand(5))])
    assert found.variance == pytest.approx(0, abs=1e-12)
    assert found.scale == pytest.approx(0, abs=1e-9)
    assert found.diversity == pytest.approx(1 / 5)


def test_how_samples_are_split_into_batches_does_not_matter():
    model, loss, batches = net("layer norm")
    together = [tuple(torch.cat(parts) for parts in zip(*batches, strict=True))]
    one, two = gradient_noise(model, loss, batches), gradient_noise(model, loss, together)
    assert one.variance == pytest.approx(two.variance)
    assert one.scale == pytest.approx(two.scale)


def test_refusals():
    model, loss, batches = net("mlp")
    with pytest.raises(ValueError, match="At least 3 samples"):
        gradient_noise(model, loss, batches[1:2])
    with pytest.raises(ValueError, match="two batches at least"):
        batch_cosines(model, loss, batches[:1])


def test_cosines():
    model, loss, batches = net("mlp")
    gradients = []
    for x, y in batches:
        gradients.append(
            torch.cat([g.flatten() for g in torch.autograd.grad(loss(model(x), y), list(model.parameters()))])
        )
    found = batch_cosines(model, loss, batches)
    for i, a in enumerate(gradients):
        assert found.norms[i] == pytest.approx(a.norm().item())
        for j, b in enumerate(gradients):
            assert found.cosines[i, j] == pytest.approx(torch.cosine_similarity(a, b, dim=0).item())
    off = [found.cosines[i, j].item() for i in range(3) for j in range(3) if i != j]
    assert found.mean == pytest.approx(sum(off) / 6)
    assert found.conflicts == pytest.approx(sum(c < 0 for c in off) / 6)


def test_opposed_tasks():
    model, x = nn.Linear(3, 1), torch.randn(4, 3)
    tasks = batch_cosines(model, lambda m, sign: sign * m(x).sum(), [1.0, -1.0])
    assert tasks.cosines[0, 1] == pytest.approx(-1)
    assert tasks.conflicts == 1
