import pytest
from tests.diagnose import records as r

from rhobar.diagnose.rule import RULES
from rhobar.record import Failure, Finding

CUT = {"reached": False, "has_gradient": False, "moved": False}


def case(*cut, losses=None, **changes):
    parameters = tuple(r.parameter(i, **((CUT | changes) if i in cut else {})) for i in range(r.DEPTH))
    return r.training(losses=losses or r.falling(), parameters=parameters)


@pytest.mark.parametrize("sick", [case(0), case(0, 1, 2), case(3, losses=r.flat())])
def test_a_cut_is_found(sick):
    assert isinstance(r.judge("detached-parameters", sick), Finding)


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        case(0, held=False),  # a teacher
        case(0, trainable=False),  # frozen
        case(0, used=False),  # never ran
        case(5, shape=(4, 4)),  # an ignored pooler
    ],
)
def test_frozen_unused_and_foreign_parts_are_silent(healthy):
    assert r.judge("detached-parameters", healthy) is None


def test_a_generator_is_reached_by_its_own_loss():
    discriminator, generator = case(0, 1), r.training()
    assert RULES["detached-parameters"].judge(discriminator, r.record(discriminator, generator)) is None


def test_backward_without_a_graph_is_found():
    failure = Failure("RuntimeError", "element 0 of tensors does not require grad and does not have a grad_fn")
    bare = r.training(losses=[2.3], num_steps=0)
    assert r.judge("detached-parameters", bare, failure=failure).severity == 1.0
