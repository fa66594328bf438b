"""Rows for the simple probes: features and targets that belong together, or none."""

import weakref

import pytest
import torch
from torch import nn

from rhobar.watch.forwards import Forward
from rhobar.watch.probe_rows import COLUMNS, IGNORED, probe_rows, token_rows

X, Y = torch.randn(6, 3), torch.arange(6)
IDS = torch.randint(50, (6, 5))
MODEL = nn.Identity()


def passed(*args, output=None, **kwargs):
    return Forward(weakref.ref(MODEL), args, kwargs, output, True, True)


def test_real_inputs_are_taken_as_they_are():
    rows = probe_rows([passed(X)], Y)
    assert torch.equal(rows.inputs, X) and rows.targets is Y and rows.distinct


def test_an_encoder_and_its_head_are_one_path():
    features = torch.randn(6, 2, requires_grad=True).relu()
    rows = probe_rows([passed(X, output=features), passed(features, output=torch.randn(6, 4))], Y)
    assert torch.equal(rows.inputs, X)


def test_categories_stand_beside_real_inputs():
    rows = probe_rows([passed(X, torch.tensor([[0], [1], [2], [0], [1], [2]]))], Y.float())
    assert rows.inputs.shape[0] == 6 and torch.equal(rows.inputs[:, :3], X)
    assert torch.equal(rows.inputs[:, 3:].sum(1), torch.ones(6))


def test_labels_that_the_model_is_given_are_no_features():
    labels = torch.randint(2, (6,))
    rows = probe_rows([passed(input_ids=IDS, labels=labels)], labels)
    assert rows.inputs.shape == (6, COLUMNS) and torch.equal(rows.inputs.sum(1), torch.full((6,), 5.0))


@pytest.mark.parametrize(
    ("passes", "target"),
    [
        ([passed(X), passed(torch.randn(6, 3))], Y),  # a pair of images
        ([passed(X, torch.randn(6, 3))], Y),  # the same in one model
        ([passed(X)], None),
        ([passed(X)], torch.tensor(1.0)),
        ([passed(torch.rand(5, 3))], Y),
        ([passed(torch.randint(9, (6,)), torch.randint(9, (6,)))], Y),  # users and items
        ([passed(IDS)], torch.rand(6, 5)),
        ([], Y),
    ],
)
def test_what_belongs_to_no_simple_probe_gives_no_rows(passes, target):
    assert probe_rows(passes, target) is None


@pytest.mark.parametrize("shape", [(6, 5), (30,)])
def test_a_target_at_each_place_sees_the_token_and_the_one_before(shape):
    rows = token_rows(IDS, IDS.roll(-1, 1).reshape(shape))
    assert rows.inputs.shape == (30, 2 * COLUMNS) and not rows.distinct
    here, before = rows.inputs[:, :COLUMNS].argmax(1), rows.inputs[:, COLUMNS:].argmax(1)
    assert torch.equal(here.reshape(6, 5), IDS)
    assert torch.equal(before.reshape(6, 5)[:, 1:], IDS[:, :-1])


def test_ignored_places_are_left_out():
    target = IDS.clone()
    target[:, 2:] = IGNORED
    assert token_rows(IDS, target).targets.tolist() == IDS[:, :2].reshape(-1).tolist()
