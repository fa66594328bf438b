"""Dropout: both conventions, and the sub-networks enumerated."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from rhobar.nn.layers import all_masks, inverted_dropout, mask_probabilities, scaled_at_test, unscaled_dropout


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
def test_both_conventions_are_one_network(p):
    """For every mask the inverted form is the unscaled one over 1 − p, in training and in evaluation."""
    a = random(6)
    for keep in all_masks(6):
        torch.testing.assert_close(scaled_at_test(inverted_dropout(a, keep, p), p), unscaled_dropout(a, keep))
    torch.testing.assert_close(scaled_at_test(a, p), (1 - p) * F.dropout(a, p, training=False))


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
def test_means_over_all_masks(p):
    a, masks = random(6), all_masks(6)
    P = mask_probabilities(masks, p)
    torch.testing.assert_close(P @ torch.stack([inverted_dropout(a, m, p) for m in masks]), a)
    torch.testing.assert_close(P @ torch.stack([unscaled_dropout(a, m) for m in masks]), scaled_at_test(a, p))


def test_p_is_the_rate_of_dropping():
    torch.manual_seed(0)
    dropped = (nn.Dropout(0.2)(torch.ones(100_000)) == 0).float().mean().item()
    assert dropped == pytest.approx(0.2, abs=0.005)
    assert mask_probabilities(torch.tensor([[True], [False]]), 0.2).tolist() == pytest.approx([0.8, 0.2])


@pytest.mark.parametrize("n", [0, 1, 3, 10])
def test_there_are_two_to_the_n_sub_networks(n):
    masks = all_masks(n)
    assert masks.shape == (2**n, n)
    assert len({tuple(m) for m in masks.tolist()}) == 2**n
    assert mask_probabilities(masks, 0.3).sum().item() == pytest.approx(1)
    for bad in (-1, 21):
        with pytest.raises(ValueError, match="masks are listed"):
            all_masks(bad)


def ensemble(logits, P):
    """The normalised geometric mean ∏ ŷ(m)^P(m) of the sub-networks' softmax outputs."""
    return F.softmax(P @ F.log_softmax(logits, -1), -1)


def test_scaling_averages_the_sub_networks_where_logits_are_linear_in_the_mask():
    h, W, masks, p = random(8), random(3, 8, seed=1), all_masks(8), 0.4
    P, logits = mask_probabilities(masks, p), (masks * h) @ W.T
    torch.testing.assert_close(P @ logits, scaled_at_test(W @ h, p))
    torch.testing.assert_close(ensemble(logits, P), F.softmax(scaled_at_test(W @ h, p), -1), rtol=1e-12, atol=1e-12)


def test_and_only_there():
    """With a hidden layer behind the mask, it is an approximation."""
    h, W, V, masks, p = random(8), random(6, 8, seed=1), random(3, 6, seed=2), all_masks(8), 0.4
    logits = ((masks * h) @ W.T).relu() @ V.T
    exact, scaled = ensemble(logits, mask_probabilities(masks, p)), F.softmax(V @ scaled_at_test(W @ h, p).relu(), -1)
    assert 1e-3 < (exact - scaled).abs().max() < 0.5
