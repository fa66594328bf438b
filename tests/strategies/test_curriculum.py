import pytest
import torch
from tests.strategies.cases import accuracy, digits, mlp, rand, trained
from torch import nn

from rhobar.train import fit
from rhobar.train.strategies import Curriculum, margins


def lessons(**options):
    x = torch.arange(100.0)
    return Curriculum(
        x, x.long(), **{"difficulty": -x, "size": 7, "full_after": 4, "start": 0.2, "generator": rand(0), **options}
    )


def test_epochs_hold_the_easiest_share_and_in_the_end_everything_once():
    course = lessons()
    for share in (0.2, 0.4, 0.6, 0.8, 1.0, 1.0):
        x = torch.cat([batch[0] for batch in course])
        assert sorted(x.tolist()) == list(range(100 - round(100 * share), 100))


def test_rows_stay_together_are_shuffled_and_cut_to_size():
    course = lessons(start=1.0)
    first, second = list(course), list(course)
    assert all(torch.equal(x.long(), y) for x, y in first)
    assert [len(x) for x, _ in first] == [7] * 14 + [2]
    assert not torch.equal(first[0][0], second[0][0])
    again = list(lessons(start=1.0))
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first, again, strict=True))


def test_margins_order_by_difficulty():
    """A trained network's margins are smaller on samples that are made hard on purpose."""
    x, y, *_ = digits()
    model = trained(mlp(64, 32, 10), x[:600], y[:600], epochs=20)
    clean, noise = x[600:900], torch.randn(300, 64, generator=rand(0))
    easy, hard = (margins(model(clean + s * noise).detach(), y[600:900]) for s in (0.0, 1.0))
    assert float((hard < easy).float().mean()) > 0.75
    assert torch.equal(easy > 0, model(clean).argmax(1) == y[600:900])


def test_margins_by_hand():
    z = torch.tensor([[1.0, 4.0, 2.0], [1.0, 4.0, 2.0], [0.0, 0.0, 0.0]])
    assert margins(z, torch.tensor([1, 2, 0])).tolist() == [2.0, -2.0, 0.0]


def test_fit_trains_with_it_and_sees_the_easy_ones_first():
    x, y, held_x, held_y = digits()
    scout = trained(mlp(64, 16, 10), x, y, epochs=2)
    difficulty = -margins(scout(x).detach(), y)
    model = mlp(64, 32, 10, seed=1)
    course = Curriculum(x, y, difficulty=difficulty, size=64, full_after=5, generator=rand(0))
    steps = list(fit(model, nn.CrossEntropyLoss(), course, torch.optim.Adam(model.parameters(), lr=0.003), epochs=15))
    rows = [sum(s.rows for s in steps if s.epoch == e) for e in (1, 6, 15)]
    assert rows == [round(0.2 * len(x)), len(x), len(x)]
    assert accuracy(model, held_x, held_y) > 0.93


@pytest.mark.parametrize("options", [{"difficulty": torch.ones(99)}, {"size": 0}, {"start": 0.0}, {"full_after": 0}])
def test_refusals(options):
    with pytest.raises(ValueError, match="got"):
        lessons(**options)
