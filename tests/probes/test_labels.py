"""The label probe tells signal from chance, also where one class is nearly everything."""

import pytest
import torch

from rhobar.probes.labels import label_score


def rows(num_rows=900, *, share=0.5, signal=True, seed=0):
    generator = torch.Generator().manual_seed(seed)
    y = (torch.rand(num_rows, generator=generator) < share).double()
    x = torch.randn(num_rows, 4, generator=generator)
    return x + (2.0 * y[:, None] if signal else 0.0), y[:, None]


@pytest.mark.parametrize("share", [0.5, 0.1, 0.04])
def test_signal_shows_in_the_mean_recall_whatever_the_shares(share):
    found = label_score(*rows(share=share), classes=True, generator=torch.Generator().manual_seed(0))
    assert found.recall - 3 * found.recall_stderr > 0.5
    if share == 0.04:
        assert found.score - 2 * found.stderr < found.chance + 0.02  # the accuracy alone would not tell


@pytest.mark.parametrize("share", [0.5, 0.04])
def test_noise_stays_at_chance(share):
    passed = 0
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        found = label_score(*rows(share=share, signal=False, seed=seed), classes=True, generator=generator)
        passed += found.recall - 3 * found.recall_stderr > 0.5
    assert passed <= 2  # two folds and the best of three probes scatter more than the binomial


def test_real_targets_have_no_recall():
    x, _ = rows()
    assert label_score(x, x[:, :1].double(), classes=False).recall is None
