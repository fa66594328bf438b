"""Products beside those of curvlinops, where it is installed."""

import pytest
import torch
from tests.probes.curvature.nets import net
from torch import nn

from rhobar.probes.curvature import empirical_fisher, ggn, hessian
from rhobar.probes.kronecker import kronecker_factors

curvlinops = pytest.importorskip("curvlinops")
OPERATORS = {  # the networks that it neither refuses nor takes the loss of otherwise
    "hessian": (hessian, "HessianLinearOperator", ["mlp", "regression"]),
    "ggn": (ggn, "GGNLinearOperator", ["mlp", "regression", "group norm", "batch norm, eval", "pooling"]),
    "empirical fisher": (empirical_fisher, "EFLinearOperator", ["mlp", "group norm", "batch norm, eval", "pooling"]),
}


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "matrix, name", [(matrix, name) for matrix, (*_, names) in OPERATORS.items() for name in names]
)
def test_products_are_those_of_curvlinops(matrix, name):
    model, loss, batches = net(name)
    ours, theirs, _ = OPERATORS[matrix]
    rival = getattr(curvlinops, theirs)(model, loss, list(model.parameters()), batches)
    v = torch.randn(rival.shape[1])
    torch.testing.assert_close(ours(model, loss, batches) @ v, rival @ v)


@pytest.mark.filterwarnings("ignore")
def test_inputs_factors_are_those_of_curvlinops():
    """Those of the outputs depend on what is drawn."""
    model, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), torch.randn(6, 3)
    batches = [(x, torch.zeros(6, 2))]
    K = curvlinops.KFACLinearOperator(model, nn.MSELoss(), list(model.parameters()), batches, check_deterministic=False, separate_weight_and_bias=False)  # fmt: skip
    K.compute_kronecker_factors()
    for layer, A in zip(
        kronecker_factors(model, nn.MSELoss(), batches).layers, K._input_covariances.values(), strict=True
    ):
        torch.testing.assert_close(layer.A, A)
