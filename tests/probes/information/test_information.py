"""Entropy and information of variables for which they are known."""

import math

import pytest
import torch
from torch import nn

from rhobar.probes.information import (
    bin_codes,
    binned_entropy,
    binned_information,
    counted_entropy,
    counted_information,
    infonce,
    information_plane,
    nearest_entropy,
    nearest_information,
)
from rhobar.probes.samples import checked_pair

GAUSS = 0.5 * math.log(2 * math.pi * math.e)


def pair(n, rho, seed, d=1):
    g = torch.Generator().manual_seed(seed)
    x, z = torch.randn(n, d, generator=g).double(), torch.randn(n, d, generator=g).double()
    return x, rho * x + (1 - rho**2) ** 0.5 * z


def gaussian_information(rho, d=1):
    return -d / 2 * math.log(1 - rho**2)


ENTROPIES = {
    "bins": lambda x: binned_entropy(x[:, 0]),
    "neighbours": nearest_entropy,
}
KNOWN = {
    "gaussian": (lambda g: 3 * torch.randn(500, 1, generator=g).double(), GAUSS + math.log(3)),
    "uniform": (lambda g: 5 * torch.rand(500, 1, generator=g).double(), math.log(5)),
}


@pytest.mark.parametrize("estimator", ENTROPIES)
@pytest.mark.parametrize("name", KNOWN)
def test_entropy_errors_are_standard_normal(estimator, name):
    make, truth = KNOWN[name]
    found = [ENTROPIES[estimator](make(torch.Generator().manual_seed(seed))) for seed in range(80)]
    values, errors = torch.tensor([(f.value, f.stderr) for f in found]).T
    assert abs(values.mean() - truth) < 0.025
    spread = ((values - values.mean()) / errors).std()
    assert (0.7 if estimator == "neighbours" else 0.6) < spread < 1.3


@pytest.mark.parametrize("d", [1, 2, 5])
def test_nearest_entropy_in_several_dimensions(d):
    x = torch.randn(1500, d, generator=torch.Generator().manual_seed(d)).double()
    found = nearest_entropy(x)
    assert abs(found.value - d * GAUSS) < 4 * found.stderr + 0.02 * d
    assert nearest_entropy(2 * x).value == pytest.approx(found.value + d * math.log(2))


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_nearest_information_is_that_of_gaussians(rho):
    found = [nearest_information(*pair(400, rho, seed)) for seed in range(60)]
    values, errors = torch.tensor([(f.value, f.stderr) for f in found]).T
    z = (values - gaussian_information(rho)) / errors
    assert abs(z.mean()) < 0.5
    assert 0.7 < z.std() < 1.3


def test_nearest_information_ignores_scale_and_order():
    x, y = pair(300, 0.7, 0, d=2)
    one = nearest_information(x, y).value
    assert nearest_information(1e4 * x, 1e-3 * y + 5).value == pytest.approx(one)
    assert nearest_information(y, x).value == pytest.approx(one)
    assert nearest_information(x, y.flip(0)).value < 0.15


def test_ksg_by_hand():
    x = torch.tensor([0.0, 1.0, 3.0, 7.0]).double()
    # k = 1 on the diagonal of a square: the nearest in both is the nearest in each, strictly nearer are none
    expected = -0.5772156649 - (-0.5772156649) + (1 + 1 / 2 + 1 / 3) - 0.5772156649 - (-0.5772156649)
    assert nearest_information(x, x, num_neighbours=1).value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("rho", [0.5, 0.9])
def test_binned_information_is_a_lower_bound_that_grows(rho):
    x, y = pair(40000, rho, 0)
    few, many = (binned_information(x, y, num_bins=b).value for b in (4, 16))
    assert few < many < gaussian_information(rho) + 0.01
    assert many > 0.85 * gaussian_information(rho)


@pytest.mark.parametrize("dependent", [True, False])
def test_counted_information_errors(dependent):
    joint = torch.tensor([[0.3, 0.1], [0.1, 0.5]]) if dependent else torch.tensor([[0.12, 0.28], [0.18, 0.42]])
    p, q = joint.sum(1, keepdim=True), joint.sum(0)
    truth = (joint * (joint / (p * q)).log()).sum().item()
    z = []
    for seed in range(300):
        draws = torch.multinomial(joint.flatten(), 300, replacement=True, generator=torch.Generator().manual_seed(seed))
        found = counted_information(draws // 2, draws % 2)
        z.append((found.value - truth) / found.stderr)
    z = torch.tensor(z)
    assert abs(z.mean()) < 0.25
    assert 0.55 < z.std() < 1.25  # χ² is skewed: the error errs upwards where there is no information


def test_counted_entropy_is_corrected():
    found = [
        counted_entropy(torch.randint(8, (100,), generator=torch.Generator().manual_seed(s))).value for s in range(300)
    ]
    assert sum(found) / 300 == pytest.approx(math.log(8), abs=0.004)


@pytest.mark.parametrize("equal", ["mass", "width"])
def test_bins(equal):
    x = torch.tensor([[0.0], [0.2], [0.4], [8.0]])
    assert bin_codes(x, 2, equal=equal).tolist() == ([0, 0, 1, 1] if equal == "mass" else [0, 0, 0, 1])
    constant = torch.zeros(6, 1)
    assert bin_codes(constant, 3, equal=equal).unique().numel() == 1


@pytest.mark.parametrize("rho, share", [(0.0, 0.0), (0.9, 0.85)])
def test_infonce_is_a_bound_and_comes_near(rho, share):
    x, y = pair(4000, rho, 0, d=2)
    truth = gaussian_information(rho, 2)
    found = infonce(x, y, num_steps=200)
    assert found.value - 3 * found.stderr < truth
    assert found.value > share * truth - 0.05
    assert found.value <= found.ceiling == pytest.approx(math.log(128))


def test_infonce_cannot_show_more_than_its_ceiling():
    x = torch.randn(400, 4, generator=torch.Generator().manual_seed(0))
    found = infonce(x, x, batch_size=8, num_steps=300)
    assert found.saturated and 1.5 < found.value <= math.log(8)


def test_infonce_leaves_the_global_generator_alone():
    state = torch.get_rng_state()
    infonce(*pair(600, 0.5, 0), num_steps=3)
    assert torch.equal(state, torch.get_rng_state())


def xor(n=400):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(n, 2, generator=g)
    return x, (x.prod(1) > 0).long()


@pytest.mark.parametrize("estimator", ["binning", "noise"])
def test_the_plane_is_bounded(estimator):
    x, y = xor()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    plane = information_plane(model, [(x[:30], y[:30]), (x[30:], y[30:])], estimator=estimator)
    assert list(plane.layers) == ["0", "1", "2"]
    for point in plane.layers.values():
        assert 0 <= point.input.value <= plane.ceiling + 1e-9
        assert -0.02 <= point.target.value <= plane.target_entropy + 0.02
        assert point.input_lower <= point.input.value


class Told(nn.Module):
    """A layer that is the class itself, one that knows nothing."""

    def __init__(self):
        super().__init__()
        self.label, self.silent = nn.Hardtanh(), nn.Identity()

    def forward(self, x):
        told = self.label(torch.sign(x.prod(1, keepdim=True)))
        return told + self.silent(0 * told)


@pytest.mark.parametrize("estimator", ["binning", "noise"])
def test_a_layer_that_is_the_class_knows_all_of_it(estimator):
    x, y = xor()
    plane = information_plane(Told(), [(x, y)], estimator=estimator, layers=["label", "silent"])
    assert plane.layers["label"].input.value == pytest.approx(math.log(2), abs=0.02)
    assert plane.layers["label"].target.value == pytest.approx(math.log(2), abs=0.02)
    assert plane.layers["silent"].input.value == pytest.approx(0, abs=1e-9)
    assert plane.layers["silent"].target.value == pytest.approx(0, abs=1e-9)


REFUSALS = [
    (lambda: nearest_entropy(torch.zeros(3, 1)), "at least 5 samples"),
    (lambda: checked_pair(torch.zeros(9, 1), torch.zeros(8, 1)), "same samples"),
    (lambda: nearest_entropy(torch.zeros(9, 1), num_neighbours=0), "at least 1"),
    (lambda: bin_codes(torch.zeros(9, 1), 1), "at least 2"),
    (lambda: infonce(torch.zeros(9, 1), torch.zeros(9, 1)), "at least 512 samples"),
    (lambda: binned_entropy(torch.full((20,), torch.nan)), "NaN"),
    (lambda: information_plane(nn.Linear(1, 1), [(torch.zeros(20, 1), torch.zeros(20, 1))]), "must be classes"),
]


@pytest.mark.parametrize("call, words", REFUSALS)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()
