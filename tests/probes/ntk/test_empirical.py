"""The kernel by structure against contracted explicit Jacobians, in float64, with unequal batches."""

import pytest
import torch
import torch.nn.functional as F
from tests.probes.curvature.nets import Cross, Own, Residual, Tied, classes, mlp, net, tokens
from tests.probes.curvature.nets import NETS
from tests.probes.noise.test_norms import MORE
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from rhobar.probes.ntk import empirical_ntk


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


ALL = {**{name: lambda name=name: net(name) for name in NETS}, **MORE}


def flat(output, n):
    tensors = [output] if isinstance(output, torch.Tensor) else [v for v in output.values() if isinstance(v, torch.Tensor)]
    return torch.cat([t.reshape(n, -1) for t in tensors], 1)


def jacobian(model, batches):
    """Row by row, by one backward pass each."""
    rows = []
    for x, _ in batches:
        torch.manual_seed(5)
        with sdpa_kernel(SDPBackend.MATH):
            f = flat(model(x), len(x))
        for value in f.flatten():
            g = torch.autograd.grad(value, list(model.parameters()), retain_graph=True, allow_unused=True, materialize_grads=True)
            rows.append(torch.cat([p.flatten() for p in g]))
    return torch.stack(rows), f.shape[1]


@pytest.mark.parametrize("name", ALL)
def test_is_the_contraction_of_jacobians(name):
    model, _, batches = ALL[name]()
    model(batches[0][0])
    J, C = jacobian(model, batches)
    truth = J @ J.T
    torch.manual_seed(5)
    found = empirical_ntk(model, batches)
    assert found.blocks.shape[1] == C
    assert (found.matrix - truth).abs().max() <= 1e-10 * truth.abs().max()
    torch.manual_seed(5)
    traced = empirical_ntk(model, batches, traced=True)
    n = len(J) // C
    summed = truth.view(n, C, n, C).diagonal(dim1=1, dim2=3).sum(-1)
    assert (traced.matrix - summed).abs().max() <= 1e-10 * summed.abs().max()
    assert torch.allclose(found.trace, traced.matrix)
