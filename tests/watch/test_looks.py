"""Looks at several sets are told apart, however the program calls them; batches of one set are one look."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import rhobar as rb

TRAIN, TEST = 200, 70


def data() -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(0)
    x = torch.randn(TRAIN + TEST, 6, generator=g)
    return x, (x[:, 0] > 0).long()


def score(model: nn.Module, x: Tensor, y: Tensor, sizes: list[int]) -> float:
    model.eval()
    with torch.no_grad():
        parts = zip(x.split(sizes), y.split(sizes), strict=True)
        return float(sum((model(a).argmax(1) == b).sum() for a, b in parts)) / len(x)


def one_line(model: nn.Module, x: Tensor, y: Tensor) -> None:
    n, steps = TRAIN, [64, 64, 64, 8]
    _ = score(model, x[:n], y[:n], steps), score(model, x[n:], y[n:], [64, 6])


def one_loop(model: nn.Module, x: Tensor, y: Tensor) -> None:
    for rows, sizes in ((slice(TRAIN), [64, 64, 64, 8]), (slice(TRAIN, None), [64, 6])):
        score(model, x[rows], y[rows], sizes)


def one_set(model: nn.Module, x: Tensor, y: Tensor) -> None:
    score(model, x[TRAIN:], y[TRAIN:], [10, 8, 12, 9, 11, 7, 13])  # batches of changing size: no new sets


@pytest.mark.parametrize(
    ("look", "rows", "overlaps"),
    [(one_line, [TRAIN, TEST], [1, 0]), (one_loop, [TRAIN, TEST], [1, 0]), (one_set, [TEST], [0])],
    ids=["one line", "one loop", "one set"],
)
def test_each_set_is_one_look(look, rows: list[int], overlaps: list[int]):
    torch.manual_seed(0)
    x, y = data()
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    with rb.watch(model) as watched:
        for _ in range(24):
            model.train()
            for i in range(0, TRAIN, 50):
                optimizer.zero_grad()
                F.cross_entropy(model(x[i : i + 50]), y[i : i + 50]).backward()
                optimizer.step()
            look(model, x, y)
    (training,) = watched.record.trainings
    sources = list(dict.fromkeys(e.source for e in training.evaluations))
    assert len(sources) == len(rows)
    for source, count, overlap in zip(sources, rows, overlaps, strict=True):
        seen = [e for e in training.evaluations if e.source == source]
        assert [e.num_rows for e in seen] == [count] * 24
        assert {e.overlap for e in seen} == {overlap}
        assert all(e.accuracy is not None for e in seen)
