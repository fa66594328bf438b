import statistics

import pytest
import torch
from tests.strategies.cases import accuracy, mnist1d, trained
from torch import nn

from rhobar.train.strategies import discriminative_groups, freeze, gradual_unfreezing, unfreeze


def stages():
    torch.manual_seed(0)
    return [nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)), nn.Linear(4, 4), nn.Linear(4, 2)]


def test_what_is_frozen_does_not_move_and_its_statistics_neither():
    parts = stages()
    model = nn.Sequential(*parts)
    freeze(parts[0])
    before = {k: v.clone() for k, v in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(8, 4) + 5).square().mean().backward()
        optimizer.step()
    moved = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert moved == {"1.weight", "1.bias", "2.weight", "2.bias"}
    unfreeze(parts[0])
    model(torch.randn(8, 4) + 5).square().mean().backward()
    optimizer.step()
    moved = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert moved == set(before)


def test_stages_thaw_from_the_head_down():
    parts = stages()
    for epoch, thawed in enumerate([1, 1, 2, 2, 3, 3, 3]):
        assert gradual_unfreezing(parts, epoch, every=2) == thawed
        free = [all(p.requires_grad for p in part.parameters()) for part in parts]
        assert free == [False] * (3 - thawed) + [True] * thawed
        assert parts[0][1].training == (thawed == 3)


def test_rates_fall_towards_the_input():
    parts = stages()
    groups = discriminative_groups(parts, 1.0)
    assert [g["lr"] for g in groups] == pytest.approx([2.6**-2, 2.6**-1, 1.0])
    assert [len(g["params"]) for g in groups] == [4, 2, 2]
    optimizer = torch.optim.SGD(groups, lr=7.0)
    before = [[p.detach().clone() for p in part.parameters()] for part in parts]
    for part in parts:
        for p in part.parameters():
            p.grad = torch.ones_like(p)
    optimizer.step()
    for part, old, rate in zip(parts, before, [2.6**-2, 2.6**-1, 1.0], strict=True):
        assert all(
            torch.allclose(o - p, torch.full_like(p, rate), atol=1e-6)
            for p, o in zip(part.parameters(), old, strict=True)
        )


def test_pretrained_features_beat_scratch_at_few_samples():
    """MNIST-1D: features learned on the digits 0–4, frozen; then ten samples each of the digits 5–9."""
    x, y, held_x, held_y = mnist1d()

    def network(seed):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Unflatten(1, (1, 40)), nn.Conv1d(1, 32, 5, 2, 2), nn.ReLU(), nn.Conv1d(32, 32, 3, 2, 1), nn.ReLU(),
            nn.Conv1d(32, 32, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(160, 5),
        )  # fmt: skip

    body = trained(network(0), x[y < 5], y[y < 5], epochs=20, size=100)
    new_x, new_y = x[y >= 5], y[y >= 5] - 5
    test_x, test_y = held_x[held_y >= 5], held_y[held_y >= 5] - 5
    gains = []
    for seed in range(3):
        rows = torch.cat([(new_y == c).nonzero()[10 * seed : 10 * seed + 10, 0] for c in range(5)])
        scratch, moved = network(seed), network(seed)
        for i in (1, 3, 5):
            moved[i].load_state_dict(body[i].state_dict())
            freeze(moved[i])
        for model in (scratch, moved):
            trained(model, new_x[rows], new_y[rows], epochs=40, size=10)
        gains.append(accuracy(moved, test_x, test_y) - accuracy(scratch, test_x, test_y))
    assert min(gains) > 0.02, gains
    assert statistics.mean(gains) > 0.05, gains


def test_refusals():
    shared = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="Stage 1 shares 2 parameters"):
        discriminative_groups([shared, nn.Sequential(shared)], 0.1)
    with pytest.raises(ValueError, match="factor must be at least 1"):
        discriminative_groups(stages(), 0.1, factor=0.5)
    with pytest.raises(ValueError, match="epoch must be at least 0"):
        gradual_unfreezing(stages(), -1)
