"""Jacobians as operators: by factors and through the graph, and which of them have a block for each sample."""

import pytest
import torch
from torch import nn

from rhobar.linalg import largest_singular_value_of_blocks
from rhobar.probes.jacobian.matrix_chain import matrix_chain
from rhobar.probes.jacobian.operator import jacobian_operator, num_independent
from rhobar.probes.tracing import Signal, trace_forward


class First(nn.Module):
    """Sequences first: attention along the first axis."""

    def __init__(self, causal):
        super().__init__()
        self.causal, self.a = causal, nn.Linear(3, 3)

    def forward(self, x):
        mask = torch.ones(len(x), len(x)).tril() if self.causal else torch.ones(len(x), len(x)).triu()
        return torch.einsum("st,tbi->sbi", mask.to(x), self.a(x))


NETS = {  # make, shape, whether it is a chain, whether the samples are apart
    "layer": (lambda: nn.Sequential(nn.Linear(3, 4), nn.GELU()), (5, 3), True, True),
    "deep": (lambda: nn.Sequential(nn.Linear(3, 4, bias=False), nn.Tanh(), nn.Linear(4, 2), nn.ReLU(inplace=True)), (5, 3), True, True),
    "sequences": (lambda: nn.Sequential(nn.Linear(3, 4), nn.ELU(), nn.Linear(4, 3), nn.Flatten()), (5, 2, 3), True, True),
    "norm": (lambda: nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4)), (5, 3), False, True),
    "convolution": (lambda: nn.Sequential(nn.Conv2d(2, 3, 2), nn.Tanh()), (4, 2, 3, 3), False, True),
    "batch norm": (lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), (5, 3), False, False),
    "causal": (lambda: First(True), (4, 2, 3), False, False),
    "anti-causal": (lambda: First(False), (4, 2, 3), False, False),
    "another batch": (lambda: nn.Sequential(nn.Linear(3, 4), nn.Flatten(0, 1)), (4, 2, 3), True, False),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
def test_operator(name):
    make, shape, chain, apart = NETS[name]
    torch.manual_seed(0)
    model, x = make().double(), torch.randn(shape, dtype=torch.float64)
    dense = torch.autograd.functional.jacobian(model, x)
    trace = trace_forward(model, x)
    start = Signal((trace.sources[0], 0), x.shape, x.dtype, x.device, 1.0)
    dense = dense.reshape(trace.output.shape.numel(), x.numel())
    assert (matrix_chain(start, trace.output) is not None) == chain
    J, generator = jacobian_operator(start, trace.output), torch.Generator().manual_seed(0)
    v, u = torch.randn(x.numel()).double(), torch.randn(len(dense)).double()
    torch.testing.assert_close(J @ v, dense @ v)
    torch.testing.assert_close(J.T @ u, dense.T @ u)
    samples = num_independent(J, start, trace.output, generator)
    assert samples == (len(x) if apart else 1)
    found = largest_singular_value_of_blocks(J, samples, max_steps=60, tol=1e-8)
    assert found.value == pytest.approx(torch.linalg.matrix_norm(dense, 2).item())


def test_a_first_sample_that_says_nothing_is_not_taken_for_all():
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    nn.init.eye_(model[0].weight), nn.init.zeros_(model[0].bias)
    x = torch.cat([-torch.ones(1, 3), torch.ones(3, 3)])
    trace = trace_forward(model, x)
    start = Signal((trace.sources[0], 0), x.shape, x.dtype, x.device, 1.0)
    J = jacobian_operator(start, trace.output)
    assert num_independent(J, start, trace.output, torch.Generator().manual_seed(0)) == 1


@pytest.mark.parametrize("inner", [torch.float64, torch.bfloat16])
def test_other_dtypes_are_no_chain(inner):
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3).to(inner)

        def forward(self, x):
            return self.b(self.a(x).to(inner))

    for model, dtype in ((Mixed(), torch.float32), (nn.Linear(3, 3).bfloat16(), torch.bfloat16)):
        trace = trace_forward(model, torch.randn(2, 3, dtype=dtype))
        start = Signal((trace.sources[0], 0), torch.Size((2, 3)), dtype, torch.device("cpu"), 1.0)
        assert matrix_chain(start, trace.output) is None
        assert jacobian_operator(start, trace.output).dtype == (torch.float64 if trace.output.dtype == torch.float64 else torch.float32)  # fmt: skip


def test_a_scaled_product_is_no_chain():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(3, 3)

        def forward(self, x):
            return torch.addmm(self.a.bias, x, self.a.weight.t(), alpha=2)

    trace = trace_forward(Scaled(), torch.randn(2, 3))
    start = Signal((trace.sources[0], 0), torch.Size((2, 3)), torch.float32, torch.device("cpu"), 1.0)
    assert matrix_chain(start, trace.output) is None
