import math
import statistics

import pytest
import torch
from torch import nn

from rhobar.select import critical_batch_size, fit_steps, predicted_steps


def rand(seed):
    return torch.Generator().manual_seed(seed)


def test_it_is_the_gradient_noise_scale():
    """g_i = θ − x_i: tr Σ is the variance of x, ‖G‖² the squared distance from its mean."""
    model = nn.Linear(1, 4, bias=False).double()
    nn.init.constant_(model.weight, 1.5)
    x = torch.randn(1500, 4, generator=rand(0), dtype=torch.float64)
    found = critical_batch_size(
        model, lambda out, t: 0.5 * (out - t).square().sum(1).mean(), [(torch.ones(1500, 1).double(), x)]
    )
    assert found.value == pytest.approx(4 / (4 * 1.5**2), rel=0.15)
    assert found.interval[0] < 4 / 9 < found.interval[1]
    assert found.num_samples == 1500


def test_the_fit_recovers_what_was_put_in():
    sizes = [2.0, 8, 32, 128, 512, 2048]
    fit = fit_steps(sizes, [predicted_steps(b, 64.0, 300.0) for b in map(float, sizes)])
    assert (fit.critical, fit.min_steps, fit.min_samples) == pytest.approx((64.0, 300.0, 64.0 * 300.0), rel=1e-6)


def test_its_error_bar_holds():
    z = []
    for seed in range(300):
        sizes = torch.tensor([2.0, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096], dtype=torch.float64)
        steps = 100 * (1 + 40 / sizes) * (0.1 * torch.randn(12, generator=rand(seed), dtype=torch.float64)).exp()
        fit = fit_steps(sizes.tolist(), steps.tolist())
        z.append(math.log(fit.critical / 40) / (fit.critical_stderr / fit.critical))
    assert abs(statistics.mean(z)) < 0.25
    assert statistics.stdev(z) == pytest.approx(math.sqrt(10 / 8), rel=0.15)


def test_the_noise_scale_marks_the_end_of_linear_speed_up():
    """Least squares with noisy gradients, each batch size at its best rate: steps to a tenth of the loss."""
    d, std = 20, 6.0
    start = torch.full((d,), 1.0)

    def steps(batch, rate, seed):
        g, theta = rand(seed), start
        for t in range(1, 3000):
            theta = theta - rate * (theta + std * torch.randn(d, generator=g) / batch**0.5)
            if float(theta.square().sum()) <= 0.1 * d:
                return t
        return 3000

    sizes = [4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0]
    rates = [0.003, 0.006, 0.012, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8]
    measured = [min(statistics.mean(steps(b, r, s) for s in range(2)) for r in rates) for b in sizes]
    scale = std**2  # tr Σ / ‖G‖² at the start; ten times that at the end
    saved = {b: measured[i] / measured[i + 1] for i, b in enumerate(sizes[:-1])}
    assert saved[4.0] > 2, "well below the scale four times the batch saves most of the steps"
    assert saved[1024.0] < 1.6, "well above it, little"
    assert scale < fit_steps(sizes, measured).critical < 10 * scale


def test_two_sizes_have_no_error_bar_and_one_is_refused():
    assert fit_steps([1.0, 10.0], [100.0, 20.0]).critical_stderr == math.inf
    with pytest.raises(ValueError, match="two different batch sizes"):
        fit_steps([4.0, 4.0], [100.0, 110.0])
