"""Drawn weights are told from trained ones, and a training from what came before it."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import rhobar as rb
from rhobar.watch.fresh import looks_fresh

INITIALISERS = {
    "default": lambda w: nn.init.kaiming_uniform_(w, a=5**0.5),
    "kaiming_uniform": nn.init.kaiming_uniform_,
    "xavier_uniform": nn.init.xavier_uniform_,
    "kaiming_normal": nn.init.kaiming_normal_,
    "xavier_normal": nn.init.xavier_normal_,
    "gpt": lambda w: nn.init.normal_(w, std=0.02),
}


def fresh(weight):
    return looks_fresh(weight.detach().flatten()[:512].double(), tuple(weight.shape))


@pytest.mark.parametrize("name", INITIALISERS)
def test_nine_draws_in_ten_look_fresh(name):
    torch.manual_seed(0)
    draws = [fresh(INITIALISERS[name](torch.empty(32, 48))) for _ in range(100)]
    assert sum(draws) >= 85


@pytest.mark.parametrize("name", INITIALISERS)
def test_other_distributions_do_not(name):
    torch.manual_seed(0)
    draws = [fresh(INITIALISERS[name](torch.empty(32, 48)) * 0.6) for _ in range(100)]
    assert sum(draws) <= 10
    assert not fresh(torch.zeros(32, 48)) and not fresh(torch.full((32, 48), torch.nan))


def fitted(model, optimizer, steps=60):
    x = torch.randn(128, 6, generator=torch.Generator().manual_seed(1))
    y = x[:, :3].argmax(1)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 3))


def before(run, training=-1):
    return {p.name: p.moved_before for p in run.record.trainings[training].parameters if len(p.shape) == 2}


def test_what_another_training_moved_was_trained_before():
    body, head = net(), nn.Sequential(*(nn.Linear(3, 3) for _ in range(3)))
    with rb.watch() as run:
        fitted(body, torch.optim.Adam(body.parameters(), 0.01))
        fitted(nn.Sequential(body, head), torch.optim.Adam(head.parameters(), 0.01))
    assert not any(before(run, 0).values())
    assert sorted(before(run, 1).values()) == [False] * 3 + [True] * 2


@pytest.mark.parametrize("trained", [True, False])
def test_a_loaded_state_counts_only_if_it_was_trained(trained):
    donor, model = net(), net()
    if trained:
        fitted(donor, torch.optim.Adam(donor.parameters(), 0.05), 200)
    with rb.watch() as run:
        model.load_state_dict(donor.state_dict())
        fitted(model, torch.optim.Adam(model.parameters(), 0.01), 5)
    assert set(before(run).values()) == {trained}
