"""Loops that move the weights themselves: what is not cleared adds up, and what goes uphill is seen to."""

import pytest
import torch

import rhobar as rb
from rhobar.record import Diagnosis


def _run(*, clear: bool, sign: float, style: str, momentum: float = 0.0, steps: int = 60) -> tuple[Diagnosis, object]:
    torch.manual_seed(0)
    x = torch.randn(64, 5)
    y = (x @ torch.randn(5, 1)).squeeze(1)
    w = [torch.randn(5, 16).mul(0.4).requires_grad_(), torch.randn(16, 1).mul(0.2).requires_grad_()]
    velocity = [torch.zeros_like(p) for p in w]
    with rb.watch(budget=None) as run:
        for _ in range(steps):
            loss = ((torch.relu(x @ w[0]) @ w[1]).squeeze(1) - y).pow(2).mean()
            if clear:
                for p in w:
                    p.grad = None
            loss.backward()
            for p, v in zip(w, velocity, strict=True):
                v.mul_(momentum).add_(p.grad)
                if style == "data":
                    p.data -= sign * 0.02 * v
                else:
                    with torch.no_grad():
                        p.sub_(sign * 0.02 * v)
    return run.diagnosis(), run.record.trainings[0]


@pytest.mark.parametrize("style", ["data", "no_grad"])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_descent_that_clears_is_healthy(style: str, momentum: float) -> None:
    diagnosis, training = _run(clear=True, sign=1.0, style=style, momentum=momentum)
    assert diagnosis.healthy, diagnosis.headline
    assert training.uncleared_steps == 0
    assert all(r.uphill is None or r.uphill < 0.3 for r in training.readings)


@pytest.mark.parametrize("style", ["data", "no_grad"])
def test_gradients_that_are_never_cleared_are_named(style: str) -> None:
    diagnosis, training = _run(clear=False, sign=1.0, style=style)
    assert training.uncleared_steps >= 58
    assert diagnosis.causes[0].id == "accumulating-gradients"


@pytest.mark.parametrize("style", ["data", "no_grad"])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_steps_up_the_gradient_are_named(style: str, momentum: float) -> None:
    diagnosis, _ = _run(clear=True, sign=-1.0, style=style, momentum=momentum, steps=80)
    assert diagnosis.causes[0].id == "gradient-ascent"


def test_gradients_looked_at_without_a_step_are_not_accumulated_by_mistake() -> None:
    w, x = torch.randn(5, requires_grad=True), torch.randn(8, 5)
    with rb.watch(budget=None) as run:
        for _ in range(30):
            (x @ w).square().mean().backward()
    assert run.record.trainings[0].uncleared_steps == 0
