"""Low-rank replacement: the error is the one promised, and none is smaller."""

import pytest
import torch
from torch import nn

from rhobar.nn.layers import low_rank, truncated_svd


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def make(m, n, bias=True):
    torch.manual_seed(0)
    return nn.Linear(n, m, bias=bias).double()


def effective(module):
    return (module[1].weight @ module[0].weight).detach()


@pytest.mark.parametrize(("m", "n"), [(7, 5), (5, 7), (6, 6), (1, 4)])
@pytest.mark.parametrize("bias", [True, False])
def test_the_error_is_known_in_advance(m, n, bias):
    layer = make(m, n, bias)
    for rank in range(1, min(m, n) + 1):
        found = low_rank(layer, rank)
        lost = layer.weight.detach() - effective(found.module)
        assert torch.linalg.matrix_norm(lost).item() == pytest.approx(found.frobenius_error, abs=1e-12)
        assert torch.linalg.matrix_norm(lost, 2).item() == pytest.approx(found.spectral_error, abs=1e-12)
        assert found.num_parameters == rank * (m + n) + bias * m == sum(p.numel() for p in found.module.parameters())
        assert found.num_parameters_before == m * n + bias * m
        assert found.rank == rank == torch.linalg.matrix_rank(effective(found.module))
    assert found.frobenius_error == found.spectral_error == 0


def test_no_matrix_of_that_rank_is_nearer():
    """Eckart and Young: neither random ones, nor those near the best one."""
    W = random(6, 5)
    B, A = truncated_svd(W, 2)
    torch.testing.assert_close(B.T @ B, A @ A.T)  # balanced
    best = W - B @ A
    for seed in range(200):
        other = W - (B + 0.1 * random(6, 2, seed=seed)) @ (A + 0.1 * random(2, 5, seed=seed + 999))
        for order in ("fro", 2):
            assert torch.linalg.matrix_norm(best, order) <= torch.linalg.matrix_norm(other, order) + 1e-12


def test_outputs_move_by_at_most_the_spectral_error():
    layer = make(6, 5)
    found = low_rank(layer, 2)
    x = random(10_000, 5)
    moved = torch.linalg.vector_norm(found.module(x) - layer(x), dim=-1)
    bound = found.spectral_error * torch.linalg.vector_norm(x, dim=-1)
    assert (moved <= bound * (1 + 1e-12)).all()
    assert (moved / bound).max() > 0.9
    assert moved.square().mean().item() == pytest.approx(found.frobenius_error**2, rel=0.05)  # white inputs


def test_the_layer_is_not_changed_and_its_place_is_kept():
    layer = make(4, 3).float().eval()
    before = layer.weight.clone()
    found = low_rank(layer, 1)
    nn.init.zeros_(found.module[0].weight)
    nn.init.zeros_(found.module[1].bias)
    assert torch.equal(layer.weight, before)
    assert layer.bias.abs().min() > 0
    assert found.module[0].weight.dtype == torch.float32
    assert not found.module.training


def test_refusals():
    for bad in (0, 4):
        with pytest.raises(ValueError, match=r"rank must be in \[1, 3\]"):
            low_rank(nn.Linear(3, 5), bad)
    layer = nn.Linear(3, 5)
    nn.init.constant_(layer.weight, float("nan"))
    with pytest.raises(ValueError, match="finite"):
        low_rank(layer, 1)
