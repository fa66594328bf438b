"""An operation is called singular exactly where its gradient is not finite."""

import pytest
import torch
from torch import Tensor

from rhobar.watch.singular import singular_at

OPERATIONS = {
    "sqrt": (torch.sqrt, 0.0, 0.3),
    "rsqrt": (torch.rsqrt, 0.0, 0.3),
    "reciprocal": (torch.reciprocal, 0.0, 0.3),
    "acos": (torch.acos, 1.0, 0.3),
    "acos below": (torch.acos, -1.0, 0.3),
    "asin": (torch.asin, 1.0, 0.3),
    "atanh": (torch.atanh, 1.0, 0.3),
    "erfinv": (torch.erfinv, 1.0, 0.3),
    "acosh": (torch.acosh, 1.0, 1.3),
    "logit": (torch.logit, 1.0, 0.3),
    "logit with eps": (lambda x: torch.logit(x, eps=1e-3), 0.5, 0.3),
    "root as a power": (lambda x: x**0.5, 0.0, 0.3),
    "inverse as a power": (lambda x: x.pow(-1), 0.0, 0.3),
    "square": (lambda x: x**2, 0.0, 0.3),
    "power of a tensor": (lambda x: x ** torch.tensor(0.3), 0.0, 0.3),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_it_is_singular_where_the_gradient_is_not_finite(name: str):
    function, edge, inside = OPERATIONS[name]
    for values in ([edge, inside], [inside, inside]):
        x = torch.tensor(values, requires_grad=True)
        y: Tensor = function(x + 0)
        met = singular_at(y.grad_fn)
        (gradient,) = torch.autograd.grad(y.sum(), x)
        assert (met is not None) == (not bool(torch.isfinite(gradient).all())), (values, met)
