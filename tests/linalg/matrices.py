"""Matrices with known spectra, for the laws of the estimators."""

import torch


def gaussian_matrix(m, n, seed=0):
    return torch.randn(m, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def symmetric(values, seed=0):
    """A dense matrix with these eigenvalues and random eigenvectors."""
    values = torch.as_tensor(values, dtype=torch.float64)
    Q, _ = torch.linalg.qr(gaussian_matrix(len(values), len(values), seed))
    return (Q * values) @ Q.T


SYMMETRIC = {
    "wigner": (gaussian_matrix(60, 60) + gaussian_matrix(60, 60).T) / 2,
    "flat": symmetric(torch.linspace(-1, 1, 50)),
    "decay": symmetric(0.7 ** torch.arange(50.0)),
    "low rank": symmetric([9.0, 7.0, -5.0, 3.0, *[0.0] * 40]),
    "outliers": symmetric([100.0, 90.0, -50.0, *torch.linspace(-1, 1, 60).tolist()]),
    "one": symmetric([3.0]),
    "two": symmetric([3.0, -4.0]),
    "diagonal": torch.diag(torch.linspace(-3, 5, 30, dtype=torch.float64)),
    "huge": symmetric(torch.linspace(-1, 1, 30)) * 1e140,
    "minute": symmetric(torch.linspace(-1, 1, 30)) * 1e-140,
}
