import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, ModeFacts


def modes(eval_steps, *, dropout=True, norm=False, **changes):
    facts = ModeFacts(has_dropout=dropout, has_batch_norm=norm, steps=400, eval_steps=eval_steps)
    return r.training(modes=facts, **changes)


@pytest.mark.parametrize("sick", [modes(400), modes(375), modes(390, dropout=False, norm=True)])
def test_training_in_eval_mode_is_found(sick):
    assert isinstance(r.judge("eval-mode-training", sick), Finding)


PRETRAINED = (r.parameter(0, moved_before=True), r.parameter(1))


@pytest.mark.parametrize(
    "healthy", [r.training(), modes(0), modes(400, dropout=False), modes(400, parameters=PRETRAINED)]
)
def test_train_mode_plain_nets_and_fine_tuning_are_silent(healthy):
    assert r.judge("eval-mode-training", healthy) is None
