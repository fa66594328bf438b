"""Laws of mixup: λ ~ Beta(α, α), and a loss that is linear in the target sees the mixed target."""

import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional as F

from rhobar.train import Mixture, draw_mixture, fit, mixed_cost


@pytest.mark.parametrize("alpha", [0.1, 0.4, 1.0, 3.0])
def test_a92_the_share_is_beta_distributed(alpha):
    generator = torch.Generator().manual_seed(0)
    shares = [draw_mixture(3, alpha, generator).share for _ in range(2000)]
    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 0.01
    mean, var = torch.tensor(shares).mean().item(), torch.tensor(shares).var().item()
    assert mean == pytest.approx(0.5, abs=0.03)
    assert var == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.12)


def test_partners_are_a_permutation():
    generator = torch.Generator().manual_seed(0)
    partners = torch.stack([draw_mixture(6, 1.0, generator).partner for _ in range(600)])
    assert torch.equal(partners.sort(1).values, torch.arange(6).expand(600, 6))
    assert ((partners == 0).float().mean(0) - 1 / 6).abs().max() < 0.06


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_cost_is_that_of_the_mixed_sample_at_the_mixed_target(share):
    torch.manual_seed(0)
    model, x, y = nn.Linear(4, 3).double(), torch.randn(5, 4).double(), torch.tensor([0, 1, 2, 1, 0])
    mixture = Mixture(share, torch.tensor([2, 0, 1, 4, 3]))
    hot = F.one_hot(y, 3).double()
    mixed_x = share * x + (1 - share) * x[mixture.partner]
    mixed_y = share * hot + (1 - share) * hot[mixture.partner]
    assert torch.allclose(mixture.mix(x), mixed_x)
    assert torch.allclose(mixed_cost(model, F.cross_entropy, (x, y), mixture), F.cross_entropy(model(mixed_x), mixed_y))


def test_tokens_cannot_be_mixed():
    model = nn.Embedding(3, 2)
    with pytest.raises(TypeError, match="use mixup=0"):
        next(
            fit(
                model,
                F.cross_entropy,
                [(torch.tensor([0, 1]), torch.tensor([0, 1]))],
                torch.optim.SGD(model.parameters()),
                mixup=0.2,
            )
        )
