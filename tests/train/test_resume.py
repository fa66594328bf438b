"""Law: a training that was interrupted at any step and gone on with is, bit for bit, the one that was not."""

import numpy as np
import pytest
import torch
from tests.train.cases import CASES, Net
from torch import nn

from rhobar.train import CorruptCheckpoint, fit, read_checkpoint

EPOCHS, SEED = 3, 11


def training(case, path=None, **options):
    """A training with everything made anew, as after a restart of the program."""
    torch.manual_seed(0)
    model = Net()
    optimizer = case.optimizer(model)
    options = {"epochs": EPOCHS, "seed": SEED, **case.options, **options}
    return model, optimizer, fit(model, nn.CrossEntropyLoss(), case.batches(), optimizer, checkpoint=path, **options)


def outcome(model, optimizer, steps, *, until=None):
    losses = []
    for step in steps:
        losses.append((step.number, step.epoch, step.rate, step.loss, step.validation))
        if step.number == until:
            steps.close()
            break
    draws = (torch.rand(2).tolist(), np.random.rand())  # not Python's: beartype's checks draw from it
    return losses, {k: v.clone() for k, v in model.state_dict().items()}, optimizer.state_dict(), draws


def assert_equal(one, other):
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_equal(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_equal(a, b)
    else:
        assert one == other or (one != one and other != other)


@pytest.mark.parametrize("name", CASES)
def test_an_interrupted_training_goes_on_bit_for_bit(name, tmp_path):
    case = CASES[name]
    losses, weights, state, draws = outcome(*training(case))
    stops = (1, len(losses) // 2 + 1, len(losses) - 1)
    for step in training(case)[2]:
        if step.number in stops:
            step.save(tmp_path / f"{step.number}")
    for stop in stops:
        torch.manual_seed(99)  # whatever happened in between
        np.random.seed(99)
        rest, new_weights, new_state, new_draws = outcome(*training(case, tmp_path / f"{stop}"))
        assert_equal(rest, losses[stop:])
        assert_equal(new_weights, weights)
        assert_equal(new_state, state)
        assert_equal(new_draws, draws)


@pytest.mark.parametrize("stop", range(1, 15, 2))
def test_at_many_steps_of_every_epoch(stop, tmp_path):
    case = CASES["loader"]
    losses, weights, _, _ = outcome(*training(case))
    path = tmp_path / "state"
    for step in training(case)[2]:
        if step.number == stop:
            step.save(path)
            break
    rest, new_weights, _, _ = outcome(*training(case, path))
    assert_equal(rest, losses[stop:])
    assert_equal(new_weights, weights)


def test_a_file_after_every_step_is_of_the_last_step(tmp_path):
    path = tmp_path / "state"
    losses, weights, _, _ = outcome(*training(CASES["plain"]))
    outcome(*training(CASES["plain"], path, save_every=1), until=8)
    rest, new_weights, _, _ = outcome(*training(CASES["plain"], path))
    assert_equal(rest, losses[8:])
    assert_equal(new_weights, weights)


def test_going_on_repeats_what_was_done_after_the_last_file(tmp_path):
    case, path = CASES["plain"], tmp_path / "state"
    losses, weights, _, _ = outcome(*training(case))
    outcome(*training(case, path), until=8)  # the file is of step 5, the end of the first epoch
    rest, new_weights, _, _ = outcome(*training(case, path))
    assert_equal(rest, losses[5:])
    assert_equal(new_weights, weights)


def test_a_finished_training_has_no_steps_left(tmp_path):
    path = tmp_path / "state"
    _, weights, _, _ = outcome(*training(CASES["plain"], path))
    rest, new_weights, _, _ = outcome(*training(CASES["plain"], path))
    assert rest == []
    assert_equal(new_weights, weights)


def test_another_model_is_refused_by_the_name_of_the_file(tmp_path):
    path = tmp_path / "state.safetensors"
    outcome(*training(CASES["plain"], path), until=6)
    model = nn.Linear(4, 2)
    steps = fit(
        model, nn.CrossEntropyLoss(), CASES["plain"].batches(), torch.optim.Adam(model.parameters()), checkpoint=path
    )
    with pytest.raises(ValueError, match=r"state\.safetensors is the checkpoint of another model"):
        next(steps)


def test_other_options_are_refused(tmp_path):
    path = tmp_path / "state"
    outcome(*training(CASES["plain"], path), until=6)
    with pytest.raises(ValueError, match="no average"):
        next(training(CASES["ema"], path)[2])


def test_a_cut_file_is_refused_by_its_name(tmp_path):
    path = tmp_path / "state.safetensors"
    outcome(*training(CASES["plain"], path), until=6)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(CorruptCheckpoint, match=r"state\.safetensors"):
        training(CASES["plain"], path)


def test_the_file_holds_no_pickle(tmp_path):
    path = tmp_path / "state"
    outcome(*training(CASES["plain"], path), until=6)
    assert path.read_bytes()[:2] != b"\x80\x02"
    assert read_checkpoint(path)["number"] == 5
