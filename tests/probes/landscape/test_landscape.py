"""The loss around and between parameters, on quadratics and nets whose shape is known."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rhobar.probes.landscape import (
    bezier_path,
    gradient_confusion,
    linear_path,
    loss_slice,
    plateau,
    sam_sharpness,
)
from rhobar.probes.landscape.slices import filter_normalized
from rhobar.probes.landscape.surface import Surface


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def batches(sizes=(5, 1, 9), d=4, classes=3):
    return [(torch.randn(n, d), torch.randint(classes, (n,))) for n in sizes]


def mlp(norm=None):
    layers = [nn.Linear(4, 6), *([norm] if norm else []), nn.ReLU(), nn.Linear(6, 3)]
    return nn.Sequential(*layers)


CROSS = nn.CrossEntropyLoss()
PROBES = {
    "slice": lambda m, b: loss_slice(m, CROSS, b, num_points=3),
    "plane": lambda m, b: loss_slice(m, CROSS, b, num_points=3, dims=2),
    "reestimated": lambda m, b: loss_slice(m, CROSS, b, num_points=3, reestimate=True),
    "line": lambda m, b: linear_path(m, CROSS, b, copy.deepcopy(m), num_points=3),
    "curve": lambda m, b: bezier_path(m, CROSS, b, copy.deepcopy(m), num_points=3, num_steps=2),
    "sharpness": lambda m, b: sam_sharpness(m, CROSS, b, num_steps=2),
    "plateau": lambda m, b: plateau(m, CROSS, b),
    "confusion": lambda m, b: gradient_confusion(m, CROSS, b),
}


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(name, training):
    if name == "plateau" and training:
        pytest.skip("no gradients of samples through batch norm in train mode")
    model = mlp(nn.BatchNorm1d(6)).train(training)
    model[0].weight.grad = torch.ones(6, 4)
    data = batches((5, 2, 9))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    state = torch.get_rng_state()
    PROBES[name](model, data)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state()) and model.training == training
    assert torch.equal(model[0].weight.grad, torch.ones(6, 4)) and model[3].weight.grad is None


def test_the_surface_counts_samples_not_batches():
    model, data = mlp(), batches()
    whole = tuple(torch.cat(part) for part in zip(*data, strict=True))
    surface = Surface(model, CROSS, data)
    level = surface.at(surface.start())
    assert level.value == pytest.approx(CROSS(model(whole[0]), whole[1]).item())
    terms = F.cross_entropy(model(whole[0]), whole[1], reduction="none")
    assert level.stderr == pytest.approx((terms.std() / len(terms) ** 0.5).item())
    value, g = surface.gradient(surface.start())
    expected = torch.autograd.grad(CROSS(model(whole[0]), whole[1]), list(model.parameters()))
    assert value == pytest.approx(level.value)
    assert all(torch.allclose(a, b) for a, b in zip(g.values(), expected, strict=True))


def test_filters_keep_their_length():
    center = {"w": torch.randn(5, 3, 2), "b": torch.randn(5)}
    d = filter_normalized(center, torch.Generator().manual_seed(0))
    assert torch.allclose(d["w"].flatten(1).norm(dim=1), center["w"].flatten(1).norm(dim=1))
    assert torch.equal(d["b"], torch.zeros(5))


def test_slices_of_a_quadratic_are_parabolas():
    model = nn.Linear(3, 1, bias=False)
    x = torch.randn(20, 3)
    data = [(x, x @ model.weight.detach().T)]
    found = loss_slice(model, nn.MSELoss(), data, num_points=5, reach=2.0)
    assert found.losses[2].item() == pytest.approx(0, abs=1e-20)
    assert torch.allclose(found.losses, found.losses[0] * (found.offsets / 2) ** 2)
    plane = loss_slice(model, nn.MSELoss(), data, num_points=5, dims=2)
    assert plane.losses.shape == (5, 5) and plane.losses[2, 2] < 1e-20
    line = loss_slice(model, nn.MSELoss(), data, num_points=5)
    assert torch.allclose(plane.losses[:, 2], line.losses)  # the first direction is the same


def test_rescaled_nets_have_the_same_slice():
    model, data = mlp(), batches()
    with torch.no_grad():
        model[0].bias.zero_()
    other = rescaled(model, 7.0)
    one, two = (loss_slice(m, CROSS, data, num_points=5) for m in (model, other))
    assert torch.allclose(one.losses, two.losses)
    assert (one.rise_stderr[[0, 1, 3, 4]] > 0).all() and one.rise_stderr[2] == 0


def rescaled(model, factor):
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[0].weight.mul_(factor)
        other[0].bias.mul_(factor)
        other[2].weight.div_(factor)
    return other


@pytest.mark.parametrize("adaptive", [True, False])
def test_only_the_adaptive_sharpness_is_invariant_to_rescaling(adaptive):
    """B65: the function is the same."""
    model, data = mlp(), batches()
    other = rescaled(model, 5.0)
    assert torch.allclose(model(data[0][0]), other(data[0][0]))
    one, two = (sam_sharpness(m, CROSS, data, adaptive=adaptive, radius=0.1).rise.value for m in (model, other))
    assert (one == pytest.approx(two, rel=1e-9)) == adaptive


def test_sharpness_of_a_quadratic_is_half_the_largest_eigenvalue():
    model = nn.Linear(2, 1, bias=False)
    nn.init.constant_(model.weight, 1e-3)
    x = torch.diag(torch.tensor([3.0, 1.0])) * 2**0.5  # L = θᵀ diag(9, 1) θ
    found = sam_sharpness(model, nn.MSELoss(), [(x, torch.zeros(2, 1))], radius=0.5, num_steps=20)
    theta = 1e-3
    best = max(
        9 * ((theta + 0.5 * math.cos(a)) ** 2 - theta**2) + (theta + 0.5 * math.sin(a)) ** 2 - theta**2
        for a in torch.linspace(0, 2 * math.pi, 2001).tolist()
    )
    assert found.rise.value == pytest.approx(best, rel=1e-3)
    assert found.first_step.value <= found.rise.value


def test_first_step_is_sams():
    model, data = mlp(), batches()
    whole = tuple(torch.cat(part) for part in zip(*data, strict=True))
    loss = CROSS(model(whole[0]), whole[1])
    params = list(model.parameters())
    g = torch.autograd.grad(loss, params)
    size = torch.cat([x.flatten() for x in g]).norm()
    with torch.no_grad():
        for p, x in zip(params, g, strict=True):
            p.add_(0.05 * x / size)
        risen = CROSS(model(whole[0]), whole[1])
        for p, x in zip(params, g, strict=True):
            p.sub_(0.05 * x / size)
    assert sam_sharpness(model, CROSS, data).first_step.value == pytest.approx((risen - loss).item())


def test_a_barrier_between_permuted_nets_and_none_after_matching():
    """C-§9.2.1c."""
    torch.manual_seed(1)
    x = torch.randn(100, 4)
    model = mlp()
    y = (x[:, :3] * 2).argmax(1)
    optimizer = torch.optim.Adam(model.parameters(), 0.05)
    for _ in range(150):
        optimizer.zero_grad()
        CROSS(model(x), y).backward()
        optimizer.step()
    order = torch.tensor([1, 2, 3, 4, 5, 0])
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[0].weight.copy_(model[0].weight[order])
        other[0].bias.copy_(model[0].bias[order])
        other[2].weight.copy_(model[2].weight[:, order])
    data = [(x, y)]
    line = linear_path(model, CROSS, data, other)
    assert line.losses[0].item() == pytest.approx(line.losses[-1].item())
    assert line.barrier.value > 3 * line.barrier.stderr > 0
    curve = bezier_path(model, CROSS, data, other, num_steps=100, lr=0.1)
    assert curve.curve.barrier.value < 0.3 * line.barrier.value
    assert torch.allclose(curve.line.losses, line.losses)
    same = linear_path(model, CROSS, data, model.state_dict())
    assert same.barrier.value == pytest.approx(0, abs=1e-12)


def test_batch_norm_is_estimated_anew_between_nets():
    one, two = (mlp(nn.BatchNorm1d(6)) for _ in range(2))
    data = batches((64, 32))
    for m in (one, two):
        m.train()
        for _ in range(80):
            for x, _ in data:
                m(x)
        m.eval()
    fresh = linear_path(one, CROSS, data, two)
    kept = linear_path(one, CROSS, data, two, reestimate=False)
    assert (fresh.batch_norm, kept.batch_norm) == ("reestimated", "kept")
    assert fresh.losses[-1].item() == pytest.approx(
        Surface(two, CROSS, data).at(Surface(two, CROSS, data).start()).value, rel=0.05
    )
    assert linear_path(mlp(), CROSS, data, mlp()).batch_norm == "none"
    # at the far end, kept statistics are those of the first net: the loss is another
    assert abs(kept.losses[-1] - fresh.losses[-1]) > 1e-3


def test_plateaus():
    """B64: a saturated sigmoid with squared error, and all-zero weights."""
    x, y = torch.randn(50, 1), torch.zeros(50, 1)
    saturated = nn.Sequential(nn.Linear(1, 1), nn.Sigmoid())
    nn.init.constant_(saturated[0].weight, 0.1)
    nn.init.constant_(saturated[0].bias, 15.0)
    flat = plateau(saturated, nn.MSELoss(), [(x, y)])
    nn.init.constant_(saturated[0].bias, 0.5)
    steep = plateau(saturated, nn.MSELoss(), [(x, y)])
    assert flat.loss.value > 0.9 and flat.slope.value < 1e-3 < 0.1 < steep.slope.value
    assert flat.width > 20 * steep.width
    zero = nn.Sequential(nn.Linear(4, 5, bias=False), nn.Tanh(), nn.Linear(5, 1, bias=False))
    for p in zero.parameters():
        nn.init.zeros_(p)
    found = plateau(zero, nn.MSELoss(), [(torch.randn(9, 4), torch.ones(9, 1))])
    assert found.slope.value == 0 and found.width == math.inf


def test_slope_of_a_power_is_its_exponent():
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 3.0)
    for power in (1, 2, 3):
        found = plateau(model, lambda f, y, p=power: (f - y).pow(p).mean(), [(torch.ones(4, 1), torch.zeros(4, 1))])
        assert found.slope.value == pytest.approx(power)
        assert found.width == pytest.approx(1 - 0.99 ** (1 / power), rel=0.02)


def test_confusion_of_known_gradients():
    model = nn.Linear(2, 1, bias=False)
    directions = [
        torch.tensor([[2.0, 0.0]]),
        torch.tensor([[0.0, 2.0]]),
        torch.tensor([[-3.0, 0.0]]),
        torch.tensor([[1.0, 1.0]]),
    ]
    found = gradient_confusion(model, lambda m, d: (m.weight * d).sum(), directions)
    assert found.bound == pytest.approx(6)
    assert found.smallest_cosine == pytest.approx(-1)
    cosines = [0, -1, 2**-0.5, 0, 2**-0.5, -(2**-0.5)]
    assert found.mean_cosine.value == pytest.approx(sum(cosines) / 6)
    assert found.conflicts.value == pytest.approx(2 / 6) and found.conflicts.stderr > 0
    agreed = gradient_confusion(model, lambda m, d: (m.weight * d).sum(), [directions[0], directions[3]])
    assert agreed.bound == 0


@pytest.mark.parametrize("call, words", [
    (lambda: loss_slice(mlp(), CROSS, batches(), dims=3), "dims"),
    (lambda: loss_slice(mlp(), CROSS, batches(), num_points=4), "odd"),
    (lambda: loss_slice(mlp(), CROSS, []), "at least one batch"),
    (lambda: loss_slice(mlp().requires_grad_(False), CROSS, batches()), "unfreeze"),
    (lambda: linear_path(mlp(), CROSS, batches(), nn.Linear(4, 3)), "same parameters"),
    (lambda: sam_sharpness(mlp(), CROSS, batches(), radius=0.0), "positive"),
])  # fmt: skip
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_dropout_is_the_same_at_every_point():
    model = nn.Sequential(nn.Linear(4, 30), nn.Dropout(0.5), nn.Linear(30, 3)).train()
    surface = Surface(model, CROSS, batches())
    assert surface.at(surface.start()).value == surface.at(surface.start()).value


def test_a_convex_loss_has_no_barrier_whatever_its_ends():
    one, two = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.constant_(one.weight, 1.0), nn.init.constant_(two.weight, 3.0)
    found = linear_path(one, nn.MSELoss(), [(torch.ones(4, 1), torch.zeros(4, 1))], two)
    assert found.losses[-1] == 9 and found.barrier.value == 0
