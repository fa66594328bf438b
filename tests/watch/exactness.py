"""What it means that watching changes nothing: a program's results, its generators, its warnings, and torch itself."""

import random
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules import module as module_hooks
from torch.optim import optimizer as optimizer_hooks

from rhobar.diagnose.live import watch
from rhobar.watch.hooks import FUNCTIONAL_LOSSES

Program = Callable[[], object]


def seed() -> None:
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)


def bits(value: object) -> object:
    """A value as something that is equal only to the very same bits."""
    if isinstance(value, Tensor):
        value = value.detach()
        if value.is_sparse:
            value = value.to_dense()
        return (
            str(value.dtype),
            tuple(value.shape),
            torch.view_as_real(value).numpy().tobytes()
            if value.is_complex()
            else value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes(),
        )
    if isinstance(value, nn.Module):
        kept = value.state_dict()
        grads = {n: bits(p.grad) for n, p in value.named_parameters()}
        return bits(kept), grads, [m.training for m in value.modules()]
    if isinstance(value, torch.optim.Optimizer):
        return bits(value.state_dict())
    if isinstance(value, dict):
        return {k: bits(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [bits(v) for v in value]
    if isinstance(value, float):
        return value.hex()
    return value


def surroundings() -> object:
    """What a program could find changed in torch."""
    patched = [F.__dict__[name] for name in FUNCTIONAL_LOSSES]
    hooks = [
        len(getattr(module_hooks, name))
        for name in sorted(vars(module_hooks))
        if name.startswith("_global_") and hasattr(getattr(module_hooks, name), "__len__")
    ]
    steps = [
        len(getattr(optimizer_hooks, name)) for name in sorted(vars(optimizer_hooks)) if name.startswith("_global_")
    ]
    own = [
        nn.Module.__call__,
        torch.Tensor.backward,
        torch.autograd.backward,
        torch.autograd.grad,
        torch.autograd.graph.saved_tensors_hooks.__enter__,
        torch.autograd.graph.saved_tensors_hooks.__exit__,
    ]
    return [id(f) for f in patched + own], hooks, steps, torch.is_grad_enabled(), torch.get_default_dtype()


def randomness() -> object:
    """Not Python's own generator: beartype, which checks rhobar's types in these tests, draws from it."""
    name, keys, *rest = np.random.get_state()
    return bits(torch.get_rng_state()), (name, keys.tobytes(), *rest)


def outcome(body: Program, *, watched: bool, budget: float | None = None) -> dict[str, object]:
    seed()
    before = surroundings()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if watched:
            with watch(budget=budget) as run:
                result = bits(body())
                inside = randomness()
            record = run.record
            assert [u for u in record.unseen if "Error" in u.reason] == [], record.unseen
            if budget is None:
                failed = [n.reason for n in run.diagnosis().not_checked if "check failed" in n.reason]
                assert not failed, failed
        else:
            result = bits(body())
            inside = randomness()
    assert surroundings() == before
    # Not where it was said: jaxtyping, which checks rhobar's types in these tests, adds frames. See test_the_scripts.
    said = [(w.category, str(w.message)) for w in caught]
    return {"result": result, "generators": inside, "generators after": randomness(), "warnings": said}


@pytest.mark.filterwarnings("ignore")
def check(body: Program, budget: float | None = None) -> None:
    alone, watched = outcome(body, watched=False), outcome(body, watched=True, budget=budget)
    assert alone["warnings"] == watched["warnings"]
    assert [what for what in alone if alone[what] != watched[what]] == []
