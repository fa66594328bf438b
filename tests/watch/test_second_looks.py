"""What is kept of a training for later: rows of both sides of a split, one batch to memorise, labels of a margin."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import rhobar as rb
from rhobar.watch.rows import RowPrints
from rhobar.watch.split_rows import ROWS, Spread, sampled


def trained(x, y, held_out, *, width=32, epochs=12, loss=F.cross_entropy, outputs=2):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(x.shape[1], width), nn.Tanh(), nn.Linear(width, outputs))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    with rb.watch(net, optimizer) as run:
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(40):
                optimizer.zero_grad()
                loss(net(x[rows]), y[rows]).backward()
                optimizer.step()
            with torch.no_grad():
                loss(net(held_out[0]), held_out[1])
    return run


def task(n=600, *, shift=0.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 6, generator=generator)
    x[:, 1] += shift
    return x, (x[:, 0] * x[:, 1] > 0).long()


def training_of(run):
    return run.record.trainings[0]


@pytest.mark.parametrize(("shift", "apart"), [(0.0, False), (4.0, True)])
def test_splits_are_told_apart_if_they_differ(shift, apart):
    (probe,) = training_of(trained(*task(), task(300, shift=shift, seed=1))).splits
    assert (probe.score - 2 * probe.stderr > 0.655) is apart
    assert 0 < probe.stderr < 0.05


@pytest.mark.parametrize("batches", [1, 3, 64, 65, 700])
def test_a_spread_samples_all_batches_alike_and_stays_small(batches):
    spread = Spread()
    for i in range(batches):
        x = torch.full((100, 3), float(i))
        spread.add(sampled(x, spread.share) if spread.share else None)
    rows = spread.rows()
    assert 1 <= len(rows) <= ROWS
    counts = torch.unique(rows[:, 0], return_counts=True)[1]
    assert counts.max() - counts.min() <= 1
    assert rows[:, 0].max() - rows[:, 0].min() >= 0.7 * (batches - 1)


@pytest.mark.parametrize(
    "x", [torch.tensor(1.0), torch.arange(6).reshape(2, 3), torch.zeros(0, 3)], ids=["0d", "int", "none"]
)
def test_what_has_no_real_rows_is_no_sample(x):
    assert sampled(x, 8) is None


def spirals(n=600):
    generator = torch.Generator().manual_seed(0)
    radius, arm = torch.rand(n, generator=generator).sqrt(), torch.arange(n) % 3
    angle = 4 * radius + arm * 2 * torch.pi / 3
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1) * 2, arm


@pytest.mark.parametrize(("width", "unable"), [(1, True), (32, False)])
def test_a_network_too_narrow_cannot_memorise_a_batch(width, unable):
    run = trained(*spirals(), spirals(), width=width, outputs=3, epochs=5)
    subset = training_of(run).subset
    assert subset is not None
    assert subset.num_rows == 40
    assert (subset.loss > 0.5) is unable
    assert ("too-little-capacity" in {f.id for f in run.diagnosis().findings}) is unable


def hinge(score, y):
    return (1 - y * score.squeeze(1)).clamp(min=0).pow(2).mean()


@pytest.mark.parametrize(("low", "wrong"), [(0.0, True), (-1.0, False)])
def test_labels_of_a_margin_written_by_hand_are_read(low, wrong):
    x, y = task()
    y = torch.where(y > 0, 1.0, low)
    run = trained(x, y, (x, y), loss=hinge, outputs=1)
    assert training_of(run).loss.kind == "hinge"
    assert ("invalid-labels" in {f.id for f in run.diagnosis().findings}) is wrong


def test_sorted_targets_show_in_the_spread_of_batches():
    x = torch.randn(800, 4)
    y = x[:, :1]
    for order, low, high in ((torch.argsort(y[:, 0]), 0.9, 1.1), (torch.randperm(800), 0.0, 0.1)):
        net = nn.Linear(4, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=1e-2)
        with rb.watch(net, optimizer) as run:
            for rows in order.split(40):
                optimizer.zero_grad()
                F.mse_loss(net(x[rows]), y[rows]).backward()
                optimizer.step()
        assert low <= training_of(run).targets.batch_spread <= high


@pytest.mark.parametrize("epoch", [20, 90])
def test_batches_that_wait_on_their_device_tell_the_same(epoch):
    batches = torch.randint(4, (epoch, 8, 300), generator=torch.Generator().manual_seed(0)).float()
    now, late = RowPrints(), RowPrints()
    for step in range(2 * epoch):
        now.add(batches[step % epoch], step)
        late.add(batches[step % epoch], step, later=True)
    late.settle()
    assert (late.epoch_length, late.complete, late.distinct) == (epoch, True, 8 * epoch)
    told = [(r.seen, r.epoch_length, r.distinct, r.repeated, r.coincidence, r.overlap(batches[0])) for r in (now, late)]
    assert told[0] == told[1]
