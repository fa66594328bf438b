"""A run that is written while it runs: the training is the same to the last bit, and the file holds what was seen."""

import os
import threading
import time

import pytest
import torch
from torch import nn

import rhobar as rb
from rhobar.record.store import Run, Store, store
from rhobar.watch import tracker
from rhobar.watch.watcher import Watcher


def trained(out, steps=60, budget=0.05, between=lambda step: None):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with rb.watch(model, optimizer, budget=budget, out=out) as run:
        for step in range(steps):
            x = torch.randn(8, 6)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), x[:, :3].argmax(1))
            loss.backward()
            optimizer.step()
            between(step)
    return model.state_dict(), torch.get_rng_state(), run


def test_the_file_holds_what_the_record_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(tracker, "MAX_READINGS", 70)
    _, _, run = trained(tmp_path, steps=80, budget=None)
    stored = Run(tmp_path)
    assert stored.record == run.record and stored.state == "ended" and run.record.unseen == []
    (seen,), (kept,) = run.record.trainings, stored.trainings
    assert kept.losses == seen.losses and kept.rates == seen.rates and kept.evaluations == seen.evaluations
    assert [reading.step for reading in kept.readings] == list(range(80))  # the record in memory keeps fewer
    every = {reading.step: reading for reading in kept.readings}
    assert [every[reading.step] for reading in seen.readings] == seen.readings
    assert len(seen.readings) < 80
    assert (kept.name, kept.loss, kept.optimizer.settings) == (seen.name, seen.loss, seen.optimizer.settings)
    diagnosis = run.diagnosis()
    assert stored.diagnosis == diagnosis and stored.facts["headline"] == diagnosis.headline


def test_the_training_is_the_same_to_the_last_bit(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "INTERVAL", 0.001)
    threads = threading.active_count()
    kept, bare = trained(tmp_path / "run"), trained(None)
    (tmp_path / "file").write_text("")
    refused = trained(tmp_path / "file")
    for state, rng, _ in (kept, refused):
        assert torch.equal(rng, bare[1])
        assert all(torch.equal(state[name], bare[0][name]) for name in bare[0])
    assert threading.active_count() == threads
    assert [u.what for u in refused[2].record.unseen] == ["run store: the latest part of the run"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_training_that_forks_is_written_on(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "INTERVAL", 0.001)
    running = []

    def fork(step):
        if step % 20 == 10:
            child = os.fork()
            if child == 0:
                os._exit(0)
            os.waitpid(child, 0)
            running.append(stores[0].running)
        if step % 20 == 11:  # one backward pass later
            running.append(stores[0].running)

    stores = []
    real = Store.__init__

    def noted(self, *args, **kwargs):
        real(self, *args, **kwargs)
        stores.append(self)

    monkeypatch.setattr(Store, "__init__", noted)
    trained(tmp_path, between=fork)
    assert running == [False, True] * 3
    assert len(Run(tmp_path).trainings[0].losses) == 60


def test_writing_counts_as_watching(tmp_path):
    _, _, run = trained(tmp_path)
    clock = run.observer.clock
    assert 0 < clock.beside <= run.store.cost
    assert run.record.watch_seconds == pytest.approx(clock.spent + clock.beside)


def test_what_is_seen_is_in_the_file_before_the_training_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "INTERVAL", 0.001)
    found = []

    def look(step):
        if step == 40:
            end = time.monotonic() + 60
            while not found and time.monotonic() < end:
                run = Run(tmp_path)
                (training,) = run.trainings or [None]
                if training is not None and len(training.losses) == 41:
                    found.append((run.state, len(training.rates), training.readings[-1].step))

    trained(tmp_path, between=look)
    ((state, rates, last),) = found
    assert state == "running" and rates == 41 and last >= 33


def test_losses_that_are_still_on_the_device_are_written_when_they_have_come(tmp_path):
    """As on an accelerator: the value of a loss is not there until it is fetched."""
    with Watcher(store=Store(tmp_path, name="x")) as watcher:
        model = nn.Linear(3, 1)
        nn.functional.mse_loss(model(torch.ones(2, 3)), torch.ones(2, 1)).backward()
        (training,) = watcher.observer.trackers
        feed = watcher.observer.feed
        watcher.store._pause()
        loss = training.losses[-1]
        training.pending_losses.append((0, torch.tensor(loss)))
        feed._written.clear()
        assert [s for s in feed.draw().series if s.table == "losses"] == []
        training.settle_losses()
        (series,) = [s for s in feed.draw().series if s.table == "losses"]
        assert series.values == [loss]
        feed.written()
        training.losses[-1] /= 8  # a loss that was scaled is told from its successor's step
        training.losses.append(2.0)
        (series,) = [s for s in feed.draw().series if s.table == "losses"]
        assert (series.first, series.values) == (0, [loss / 8, 2.0])


def test_no_store_is_made_where_none_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, _, run = trained(None)
    run.diagnosis()
    assert list(tmp_path.iterdir()) == [] and run.store is None
