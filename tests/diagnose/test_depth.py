import math

import pytest
from tests.diagnose import records as r

from rhobar.diagnose.depth import DepthProfile, backward_profile, chain, forward_profile, typical_profile


def at(*gradients, **changes):
    layers = [r.layer(i, gradient=g, **changes) for i, g in enumerate(gradients)]
    return r.reading(0, layers=layers)


@pytest.mark.parametrize("gradients", [(1.0, 2.0, 4.0), (8.0, 2.0, 1.0), (0.0, 0.0, 1.0)])
def test_the_product_telescopes(gradients):
    assert backward_profile(at(*gradients)).product == pytest.approx(gradients[0] / gradients[-1])


def test_rho_is_the_geometric_mean():
    profile = DepthProfile(("a", "b"), (0.25, 4.0))
    assert profile.rho == pytest.approx(1.0)
    assert DepthProfile(("a", "b"), (0.1, 0.5)).breaking_layer == "a"
    assert DepthProfile(("a", "b"), (3.0, 2.0)).breaking_layer == "a"


def test_spreading_the_same_gradient_over_more_elements_is_no_loss():
    wide = r.layer(0, gradient=0.5)  # 4 × the elements at half the rms: the same norm
    narrow = r.layer(1)
    layers = [
        wide,
        type(narrow)(**{f: getattr(narrow, f) for f in narrow.__slots__} | {"gradient": r.moments(1.0, size=512)}),
    ]
    assert backward_profile(r.reading(0, layers=layers)).gains == (1.0,)


def test_nothing_is_said_without_a_finite_gradient():
    assert backward_profile(at(1.0, 0.0)) is None
    assert backward_profile(at(1.0)) is None
    assert backward_profile(at(math.nan, 1.0)) is None
    assert typical_profile([None]) is None


def test_branches_and_embeddings_are_no_sequence():
    layers = [r.layer(0, operation="embedding"), r.layer(1, residual=True), r.layer(2)]
    assert [layer.name for layer in chain(r.reading(0, layers=layers))] == ["layers.2"]


def test_forward_gains():
    assert forward_profile(at(1.0, 1.0, output=r.moments(0.5))).gains == (0.5, 0.5)
