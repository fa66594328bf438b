"""What is a chain of linear layers and what is not. That its products are right, test_matrices shows."""

import pytest
import torch
import torch.nn.functional as F
from tests.probes.curvature.nets import NETS, net
from torch import nn
from torch.autograd.graph import get_gradient_edge

from rhobar.probes.curvature import ggn, hessian
from rhobar.probes.curvature.find_chain import find_chain

CHAINS = {"linear": 1, "mlp": 2, "called": 3, "regression": 2, "summed": 2}


class Net(nn.Module):
    """Two layers and what is made of them; y, the input and the parameters."""

    def __init__(self, make, **options):
        super().__init__()
        self.a, self.b, self.make = nn.Linear(3, 3, **options), nn.Linear(3, 3, **options), make

    def forward(self, x):
        return self.make(self, x)


MADE = {
    "in place": (lambda m, x: m.b(F.relu_(m.a(x))), 2),
    "nothing between": (lambda m, x: m.b(m.a(x)), 2),
    "a head": (lambda m, x: m.b(m.a(x).tanh()).softmax(1).cumsum(1), 2),
    "skip": (lambda m, x: m.b(m.a(x).tanh()) + m.a(x), None),
    "skip, the other way round": (lambda m, x: m.a(x) + m.b(m.a(x).tanh()), None),
    "skip of the input": (lambda m, x: m.b(m.a(x).tanh()) + x, 2),
    "skip inside": (lambda m, x: m.b(m.a(x).tanh() + x), None),
    "twice": (lambda m, x: m.b(m.a(m.a(x).tanh())), None),
    "penalty": (lambda m, x: m.b(m.a(x)) + m.a.weight.square().sum(), None),
    "not called": (lambda m, x: m.b(x), None),
    "transposed": (lambda m, x: m.b(x @ m.a.weight + m.a.bias), None),
    "scaled": (lambda m, x: m.b(torch.addmm(m.a.bias, x, m.a.weight.t(), alpha=2)), None),
    "bias of rows": (lambda m, x: m.b(torch.addmm(m.a.bias[:, None], x, m.a.weight.t())), None),
    "one bias for all": (lambda m, x: m.b(torch.addmm(m.a.bias, x, m.a.weight.t())), None),
    "other elements": (lambda m, x: m.b(m.a(x).softmax(1)), None),
    "reshaped": (lambda m, x: m.b(m.a(x).view(-1).view(3, 3).T), None),
    "two dtypes": (lambda m, x: m.b(m.a(x.double()).float()), None),
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_a_chain(name):
    make, length = MADE[name]
    model = Net(make)
    if name == "two dtypes":
        model.a.double()
    if name == "one bias for all":
        model.a.bias = nn.Parameter(torch.randn(1))
    x = torch.randn(3, 3, requires_grad=name == "in place")
    found = find_chain([model(x)], [get_gradient_edge(p) for p in model.parameters()])
    assert (None if found is None else len(found.layers)) == length


def test_flattened_sequences_are_none():
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Flatten(), nn.Linear(8, 3))
    assert find_chain([model(torch.randn(2, 4, 3))], [get_gradient_edge(p) for p in model.parameters()]) is None


@pytest.mark.parametrize("name", NETS)
def test_which_networks_are_chains(name):
    model, _, batches = NETS[name]()
    output = model(batches[0][0])
    output = output["logits"] if isinstance(output, dict) else output
    found = find_chain([output], [get_gradient_edge(p) for p in model.parameters()])
    assert (None if found is None else len(found.layers)) == CHAINS.get(name)


@pytest.mark.parametrize("matrix", [hessian, ggn])
def test_a_chain_refuses_inputs_that_have_changed(matrix):
    model, loss, batches = net("mlp")
    A = matrix(model, loss, batches[:1])
    first = A @ torch.ones(A.shape[1])
    assert torch.equal(A @ torch.ones(A.shape[1]), first)
    batches[0][0].add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        A @ torch.ones(A.shape[1])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    model, loss, batches = net("mlp")
    exact = hessian(model, loss, batches)
    v = torch.randn(exact.shape[1])
    truth = exact @ v
    found = hessian(model.to(dtype), loss, [(x.to(dtype), y) for x, y in batches]) @ v
    assert found.dtype == torch.float32
    assert torch.linalg.vector_norm(found - truth) < 0.1 * torch.linalg.vector_norm(truth)
