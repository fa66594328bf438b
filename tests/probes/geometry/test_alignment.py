"""CKA, neural collapse, disentanglement and invariance."""

import pytest
import torch
from torch import nn

from rhobar.probes.geometry import cka, cka_matrix, invariance, mutual_information_gap, neural_collapse
from rhobar.probes.geometry.cka import hsic, unbiased_hsic


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


SAME = {
    "itself": lambda x: x,
    "scaled": lambda x: -3 * x,
    "shifted": lambda x: x + 7,
    "rotated": lambda x: x @ torch.linalg.qr(drawn(x.shape[1], x.shape[1], seed=9))[0],
    "padded": lambda x: torch.cat([x, torch.zeros(len(x), 3)], 1),
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("debiased", [True, False])
def test_invariances(name, kernel, debiased):
    x = drawn(40, 5)
    assert cka(x, SAME[name](x), kernel=kernel, debiased=debiased).value == pytest.approx(1, abs=1e-9)


def test_not_invariant_to_any_invertible_map():
    x = drawn(100, 5)
    assert cka(x, x * torch.tensor([20.0, 1, 1, 1, 1])).value < 0.7


def test_linear_cka_is_that_of_the_features():
    x, y = drawn(30, 4), drawn(30, 3, seed=1) + drawn(30, 4)[:, :3]
    a, b = x - x.mean(0), y - y.mean(0)
    expected = (b.T @ a).norm() ** 2 / ((a.T @ a).norm() * (b.T @ b).norm())
    assert cka(x, y, debiased=False).value == pytest.approx(expected.item())


def test_unbiased_hsic_is_the_mean_over_quadruples():
    K, L = (m @ m.T for m in (drawn(6, 2), drawn(6, 3, seed=1)))
    total, count = 0.0, 0
    for i, j, q, r in torch.cartesian_prod(*[torch.arange(6)] * 4).tolist():
        if len({i, j, q, r}) == 4:
            total += (K[i, j] * (L[i, j] + L[q, r] - 2 * L[i, q])).item()
            count += 1
    assert unbiased_hsic(K, L).item() == pytest.approx(total / count)
    H = torch.eye(6).double() - 1 / 6
    assert hsic(K, L).item() == pytest.approx((K @ H @ L @ H).trace().item() / 25)


def test_only_the_debiased_form_is_near_zero_for_unrelated_wide_layers():
    plain, fair = [], []
    for seed in range(20):
        x, y = drawn(40, 200, seed=2 * seed), drawn(40, 200, seed=2 * seed + 1)
        plain.append(cka(x, y, debiased=False).value)
        fair.append(cka(x, y).value)
    assert min(plain) > 0.7
    assert abs(torch.tensor(fair).mean()) < 0.02


def test_alignment_errors_are_standard_normal():
    D = torch.diag(torch.tensor([3.0, 1.0, 0.5]).double())
    truth = (D.square().sum() / (3**0.5 * (D @ D + torch.eye(3)).norm())).item()  # of the covariances
    z = []
    for seed in range(100):
        x = drawn(150, 3, seed=seed)
        found = cka(x, x @ D + drawn(150, 3, seed=1000 + seed))
        z.append((found.value - truth) / found.stderr)
    z = torch.tensor(z)
    assert abs(z.mean()) < 0.4
    assert 0.75 < z.std() < 1.25


def test_matrix_holds_the_pairs():
    layers = {"a": drawn(30, 4), "b": drawn(30, 4) + drawn(30, 4, seed=3), "c": drawn(30, 2, seed=4)}
    for debiased in (True, False):
        found = cka_matrix(layers, debiased=debiased)
        assert torch.allclose(found.values, found.values.T)
        pair = cka(layers["a"], layers["b"], debiased=debiased)
        assert found.values[0, 1].item() == pytest.approx(pair.value)
    assert found.names == ("a", "b", "c")


def simplex(C, noise, per=20, seed=0):
    M = torch.eye(C).double() - 1 / C
    labels = torch.arange(C).repeat_interleave(per)
    return M[labels] + noise * drawn(C * per, C, seed=seed), labels, M


def test_collapsed_features_have_all_four():
    x, y, M = simplex(4, 0.0)
    found = neural_collapse(x, y, weight=2.5 * M, bias=torch.zeros(4))
    for name in ("within", "lengths", "angles", "duality"):
        assert getattr(found, name).value == pytest.approx(0, abs=1e-12)
    assert found.disagreement.value == 0 and found.disagreement.stderr > 0


def test_within_is_the_trace_of_the_paper():
    x, y, _ = simplex(3, 0.4)
    means = torch.stack([x[y == c].mean(0) for c in range(3)])
    deviations = x - means[y]
    within = deviations.T @ deviations / len(x)
    M = means - means.mean(0)
    between = M.T @ M / 3
    expected = (within @ torch.linalg.pinv(between, rtol=1e-10)).trace() / 3
    assert neural_collapse(x, y).within.value == pytest.approx(expected.item())


BROKEN = {
    "lengths": lambda x, y: x * torch.tensor([1.0, 1.0, 1.0, 4.0])[y][:, None],
    "angles": lambda x, y: x + 2 * torch.eye(4)[0] * (y < 2)[:, None],
    "within": lambda x, y: x + 0.5 * drawn(*x.shape, seed=8),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_measure_sees_its_own_fault(name):
    x, y, _ = simplex(4, 0.0)
    assert getattr(neural_collapse(BROKEN[name](x, y), y), name).value > 0.1


def test_a_classifier_turned_away_is_seen():
    x, y, M = simplex(3, 0.05)
    found = neural_collapse(x, y, weight=M[[1, 2, 0]])
    assert found.duality.value > 1 and found.disagreement.value == 1


def test_neural_collapse_refuses():
    x, y, M = simplex(3, 0.1)
    with pytest.raises(ValueError, match="two samples at least"):
        neural_collapse(x, torch.cat([y[:-1], torch.tensor([7])]))
    with pytest.raises(ValueError, match="at least two groups"):
        neural_collapse(x, torch.zeros_like(y))
    with pytest.raises(ValueError, match="a row for each class"):
        neural_collapse(x, y, weight=M[:2])


def test_gap_is_one_for_separate_and_zero_for_shared_factors():
    v = torch.randint(5, (3000, 2), generator=torch.Generator().manual_seed(0))
    noise = 0.1 * drawn(3000, 2)
    separate = mutual_information_gap(v + noise, v)
    assert separate.value == pytest.approx(1, abs=0.05) and separate.information.shape == (2, 2)
    shared = mutual_information_gap((v + noise).repeat(1, 2), v)
    assert abs(shared.value) < 0.02
    mixed = mutual_information_gap((v + noise) @ torch.tensor([[1.0, 1.0], [1.0, -1.0]]).double(), v)
    assert mixed.value < 0.15


def test_invariance_of_each_layer():
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU())
    with torch.no_grad():
        model[0].weight[:, 0] = 0  # blind to the first feature
    batches = [torch.randn(5, 4), torch.randn(30, 4)]
    found = invariance(model, batches, lambda x: x + torch.tensor([3.0, 0, 0, 0]))
    assert found.layers["input"].value > 0.5
    assert found.layers["0"].value == pytest.approx(0, abs=1e-10)
    swapped = invariance(model, batches, lambda x: x.flip(0)).layers["input"]
    assert swapped.value == pytest.approx(1, abs=0.35)  # another sample is as far as another sample


def test_displacement_is_relative_to_pairs():
    x = drawn(50, 3)
    found = invariance(nn.Identity(), [x], lambda x: 1.5 * x).layers["input"]
    pairs = torch.cdist(x, x).square().sum() / (50 * 49)
    assert found.value == pytest.approx((0.25 * x.square().sum(1).mean() / pairs).item())
