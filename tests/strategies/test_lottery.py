import pytest
import torch
from tests.strategies.cases import accuracy, digits, mlp, rand
from torch import nn

from rhobar.train import Batches, fit
from rhobar.train.strategies import apply_masks_, lottery_rounds, magnitude_masks, prunable


def everything(model):
    return {name: torch.ones_like(w, dtype=torch.bool) for name, w in prunable(model).items()}


@pytest.mark.parametrize("whole", [True, False])
def test_masks_nest_and_keep_the_largest(whole):
    model = mlp(10, 20, 5)
    masks = everything(model)
    for _ in range(4):
        fresh = magnitude_masks(prunable(model), masks, 0.3, whole=whole)
        assert all(bool((fresh[n] <= masks[n]).all()) for n in masks)
        groups = [list(masks)] if whole else [[n] for n in masks]
        for names in groups:
            kept = torch.cat([prunable(model)[n].detach().abs()[fresh[n]] for n in names])
            gone = torch.cat([prunable(model)[n].detach().abs()[masks[n] & ~fresh[n]] for n in names])
            left = sum(int(masks[n].sum()) for n in names)
            assert gone.numel() == int(0.3 * left)
            assert float(gone.max()) <= float(kept.min())
        masks = fresh


def test_removed_weights_do_not_come_back_although_larger_now():
    w = {"w": torch.tensor([0.1, 1.0, 2.0, 3.0])}
    masks = magnitude_masks(w, {"w": torch.ones(4, dtype=torch.bool)}, 0.25)
    assert magnitude_masks({"w": torch.tensor([9.0, 1.0, 2.0, 3.0])}, masks, 0.4)["w"].tolist() == [
        False,
        False,
        True,
        True,
    ]


def test_masks_remove_even_what_is_not_finite():
    layer = nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight[0, 0] = float("nan")
    apply_masks_(layer, {"weight": torch.tensor([[False, True]])})
    assert layer.weight[0, 0].item() == 0.0


@pytest.mark.parametrize("rewind_to", [0, 7])
def test_each_round_starts_from_the_weights_of_the_rewinding_step(rewind_to):
    torch.manual_seed(0)
    model = mlp(4, 6, 2)
    x = torch.randn(40, 4)
    starts, seen = [], []

    def train(m):
        starts.append({k: v.clone() for k, v in m.state_dict().items()})
        data = Batches(x, x[:, 0].gt(0).long(), size=10, generator=rand(0))
        for step in fit(
            m,
            nn.CrossEntropyLoss(),
            data,
            torch.optim.SGD(m.parameters(), lr=0.5, momentum=0.9, weight_decay=0.1),
            epochs=4,
        ):
            seen.append((len(starts), step.number, {k: v.clone() for k, v in m.state_dict().items()}))
            yield step

    tickets = []
    for ticket in lottery_rounds(model, train, num_rounds=3, share=0.25, rewind_to=rewind_to):
        tickets.append(ticket)
        for name, mask in ticket.masks.items():
            assert bool((prunable(model)[name][~mask] == 0).all())
            assert bool((prunable(model)[name][mask] != 0).all())
    early = starts[0] if rewind_to == 0 else next(state for _, n, state in seen if n == rewind_to)
    for start, ticket in zip(starts[1:], tickets[1:], strict=True):
        for name, value in start.items():
            mask = ticket.masks.get(name, torch.ones_like(value, dtype=torch.bool))
            assert torch.equal(value[mask], early[name][mask])
            assert torch.equal(ticket.start[name], value)
            assert bool((value[~mask] == 0).all())
    assert [t.density for t in tickets] == pytest.approx([1.0, 27 / 36, 21 / 36])


def test_masked_weights_are_zero_in_every_forward_pass():
    model = mlp(4, 6, 2)
    x = torch.randn(40, 4)
    zeros = []

    def loss(outputs, targets):
        zeros.append(sum(int((w == 0).sum()) for w in prunable(model).values()))
        return nn.functional.cross_entropy(outputs, targets)

    def train(m):
        return fit(
            m,
            loss,
            Batches(x, x[:, 0].gt(0).long(), size=10),
            torch.optim.Adam(m.parameters(), lr=0.1, weight_decay=0.1),
            epochs=2,
        )

    list(lottery_rounds(model, train, num_rounds=2, share=0.5))
    assert zeros == [0] * 8 + [18] * 8


@pytest.mark.slow
def test_a_ticket_keeps_the_accuracy_and_a_random_start_does_not():
    """Digits, 100 units, 12 % of the weights remain; over three seeds."""
    x, y, held_x, held_y = digits()

    def train(m):
        data = Batches(x, y, size=60, generator=rand(0))
        return fit(m, nn.CrossEntropyLoss(), data, torch.optim.Adam(m.parameters(), lr=2e-3), epochs=8)

    gaps, losses = [], []
    for seed in range(3):
        model, scores = mlp(64, 100, 10, seed=seed), []
        for ticket in lottery_rounds(model, train, num_rounds=6, share=0.35):
            scores.append((accuracy(model, held_x, held_y), ticket))
        last = scores[-1][1]
        assert last.density == pytest.approx(0.65**5, rel=0.01)
        other = mlp(64, 100, 10, seed=100 + seed)
        apply_masks_(other, last.masks)
        for _ in train(other):
            apply_masks_(other, last.masks)
        losses.append(scores[0][0] - scores[-1][0])
        gaps.append(scores[-1][0] - accuracy(other, held_x, held_y))
    assert sum(losses) / 3 < 0.025, losses
    assert sum(gaps) / 3 > 0.02, gaps


@pytest.mark.parametrize(
    "options",
    [
        {"num_rounds": 0},
        {"num_rounds": 1, "rewind_to": -1},
        {"num_rounds": 1, "rewind_to": 5},
        {"num_rounds": 2, "share": 1.0},
    ],
)
def test_refusals(options):
    with pytest.raises(ValueError, match=r"must be"):
        list(lottery_rounds(mlp(2, 2), lambda m: range(3), **options))
