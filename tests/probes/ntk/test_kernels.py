"""Spectrum, alignment and change of kernels whose answers are known."""

import math

import pytest
import torch
from torch import nn

from rhobar.probes.ntk import empirical_ntk, kernel_change, kernel_spectrum, target_alignment


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def test_spectrum_of_a_known_matrix():
    Q = torch.linalg.qr(torch.randn(5, 5))[0]
    values = torch.tensor([7.0, 4.0, 2.0, 1.0, 0.5])
    found = kernel_spectrum(Q * values @ Q.T)
    assert torch.allclose(found.eigenvalues, values)
    assert found.condition == pytest.approx(14)
    assert found.effective_rank == pytest.approx(14.5**2 / (49 + 16 + 4 + 1 + 0.25))
    assert (found.null, kernel_spectrum(Q[:, :3] * values[:3] @ Q[:, :3].T).null) == (0, 2)
    assert kernel_spectrum(Q[:, :3] * values[:3] @ Q[:, :3].T).condition == math.inf
    assert torch.allclose(found.eigenvectors * found.eigenvalues @ found.eigenvectors.T, Q * values @ Q.T)


def test_gradient_flow_decays_along_the_eigenvectors():
    """A step of gradient descent on Σ (f − y)²/2 shrinks the residual along u_k by 1 − η λ_k, exactly for a linear net."""
    model, x, y = nn.Linear(6, 1), torch.randn(4, 6), torch.randn(4, 1)
    spectrum = kernel_spectrum(empirical_ntk(model, [x]).matrix)
    before = spectrum.eigenvectors.T @ (model(x) - y)
    (0.5 * (model(x) - y).square().sum()).backward()
    torch.optim.SGD(model.parameters(), lr=0.01).step()
    after = spectrum.eigenvectors.T @ (model(x) - y)
    assert torch.allclose(after, (1 - 0.01 * spectrum.eigenvalues[:, None]) * before)


def test_alignment_is_that_of_its_definition():
    y, A = torch.randint(3, (12,)), torch.randn(12, 12)
    K = A @ A.T
    H = torch.eye(12) - 1 / 12
    L = nn.functional.one_hot(y).double() @ nn.functional.one_hot(y).double().T
    a, b = H @ K @ H, H @ L @ H
    expected = ((a * b).sum() / (a.norm() * b.norm())).item()
    assert target_alignment(K, y).value == pytest.approx(expected)
    assert target_alignment(3 * K + 5, y + 7).value == pytest.approx(expected)
    assert target_alignment(L, y).value == pytest.approx(1)
    real = torch.randn(12)
    assert target_alignment(torch.outer(real, real), real).value == pytest.approx(1)


def test_the_error_of_the_alignment_covers_the_spread_over_samples():
    values, errors = [], []
    for seed in range(60):
        g = torch.Generator().manual_seed(seed)
        x = torch.randn(80, 3, generator=g)
        y = x[:, 0] + 0.5 * torch.randn(80, generator=g)
        found = target_alignment(x @ x.T, y)
        values.append(found.value), errors.append(found.stderr)
    spread = torch.tensor(values).std().item()
    assert 0.75 < torch.tensor(errors).mean().item() / spread < 1.35


def test_change():
    A = torch.randn(5, 5)
    K = A @ A.T
    same = kernel_change(K, 3 * K)
    assert (same.relative, same.distance, same.scale) == (
        pytest.approx(2),
        pytest.approx(0, abs=1e-9),
        pytest.approx(3),
    )
    a, b = torch.diag(torch.tensor([1.0, 0.0])), torch.diag(torch.tensor([0.0, 1.0]))
    assert kernel_change(a, b).distance == pytest.approx(1)
    assert kernel_change(a, b).relative == pytest.approx(2**0.5)


def test_refusals():
    with pytest.raises(ValueError, match="finite"):
        kernel_spectrum(torch.full((2, 2), math.nan))
    with pytest.raises(ValueError, match="symmetric"):
        kernel_spectrum(torch.tensor([[1.0, 2.0], [0.0, 1.0]]))
    with pytest.raises(ValueError, match="one target for each"):
        target_alignment(torch.eye(4), torch.zeros(3))
    with pytest.raises(ValueError, match="constant"):
        target_alignment(torch.eye(4), torch.zeros(4, dtype=torch.long))
    with pytest.raises(ValueError, match="not be zero"):
        kernel_change(torch.zeros(2, 2), torch.eye(2))
