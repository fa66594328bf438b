"""The learning-rate range test: raise the rate from tiny to absurd in one short run, and see where the loss falls.

The rate grows geometrically, η_t = η_low (η_high/η_low)^{t/(T−1)}, one mini-batch a step. The loss is smoothed,

    s_t = β s_{t−1} + (1 − β) L_t,    ŝ_t = s_t/(1 − β^{t+1}),

and the run ends when ŝ has risen above its start by four times that, or is not finite. Three rates are read off: the
suggestion, where ŝ falls fastest in log η; `least`, where it is lowest; `edge`, the last rate at which it is no higher
than where it began, if the run went beyond. The suggestion lies below `least`, where the loss has stopped falling.

References:
    Smith (2017), Cyclical learning rates for training neural networks, section 3.3.
    Howard and Gugger (2020), Fastai: a layered API for deep learning, section 4.
"""

import copy
import math
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

__all__ = ["RangeTest", "rate_range_test"]

_BLOWN_UP = 4.0


@dataclass(frozen=True)
class RangeTest:
    """Losses over rates, and the rates read off.

    Attributes:
        suggestion: The rate at which the smoothed loss falls fastest; ``None`` if it never falls.
        least: The rate at the least smoothed loss.
        edge: The last rate at which the smoothed loss was no higher than at the start; ``None`` if that is the last
            rate tried.
        rates: η_t of each step made.
        losses: L_t.
        smoothed: ŝ_t.
    """

    suggestion: float | None
    least: float
    edge: float | None
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]


def rate_range_test(
    model: nn.Module,
    optimizer: Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Iterable[tuple[Tensor, Tensor]],
    *,
    low: float = 1e-6,
    high: float = 10.0,
    num_steps: int = 100,
    beta: float = 0.9,
) -> RangeTest:
    """Run the test on copies of model and optimizer; both, and all random states, stay as they were.

    Args:
        model: The network, at the start of its training or anywhere within it.
        optimizer: Its optimizer, of those whose `step` takes no closure or one that calls `backward`; groups keep the
            ratios of their rates. torch's L-BFGS cannot be copied and has its line search instead.
        loss: ``loss(model(inputs), targets)``.
        batches: Pairs (inputs, targets), begun again when they end.
        low: η_low.
        high: η_high.
        num_steps: T.
        beta: β, the smoothing.

    Returns:
        The curve and the rates.

    Raises:
        ValueError: Unless 0 < low < high, there are ten steps at least and a batch, and the optimizer has a rate
            and can be copied.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> x = torch.ones(4, 1)
        >>> found = rate_range_test(model, torch.optim.SGD(model.parameters(), lr=0.1), nn.MSELoss(), [(x, 2 * x)])
        >>> 0.01 < found.suggestion < 1 < found.rates[-1]
        True
    """
    if not 0 < low < high or num_steps < 10 or not 0 <= beta < 1:
        raise ValueError(
            "Rates 0 < low < high, 10 steps at least and 0 ≤ beta < 1 are needed; "
            f"got {low}, {high}, {num_steps} and {beta}."
        )
    if isinstance(optimizer, torch.optim.LBFGS):
        raise ValueError("torch's L-BFGS cannot be copied; it has a line search in place of a rate to look for.")
    largest = max(float(group["lr"]) for group in optimizer.param_groups)
    if not largest > 0:
        raise ValueError("The optimizer's rate must be positive, so that the groups' ratios are known; it is 0.")
    shares = [float(group["lr"]) / largest for group in optimizer.param_groups]
    rates = [low * (high / low) ** (t / (num_steps - 1)) for t in range(num_steps)]
    losses: list[float] = []
    smoothed: list[float] = []
    with _random_states_kept():
        trained, stepper = copy.deepcopy((model, optimizer))
        for rate, (inputs, targets) in zip(rates, _endless(batches), strict=False):
            for group, share in zip(stepper.param_groups, shares, strict=True):
                group["lr"] = rate * share
            losses.append(_step(trained, stepper, loss, inputs, targets))
            smoothed.append(_smooth(losses, smoothed, beta))
            if _blown_up(smoothed):
                break
    return _read(rates[: len(losses)], losses, smoothed)


def _step(
    model: nn.Module,
    optimizer: Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor],
    inputs: Tensor,
    targets: Tensor,
) -> float:
    """Make one step; return the loss before it."""

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(model(inputs), targets)
        value.backward()
        return value

    first = optimizer.step(closure)  # type: ignore[arg-type]
    return float(first.detach() if isinstance(first, Tensor) else first)


def _smooth(losses: list[float], smoothed: list[float], beta: float) -> float:
    """Return ŝ_t from all losses so far: an average that forgets, without the bias of its start."""
    t = len(losses)
    before = smoothed[-1] * (1 - beta ** (t - 1)) if smoothed else 0.0
    return (beta * before + (1 - beta) * losses[-1]) / (1 - beta**t)


def _blown_up(smoothed: list[float]) -> bool:
    return not math.isfinite(smoothed[-1]) or smoothed[-1] > smoothed[0] + _BLOWN_UP * abs(smoothed[0])


def _read(rates: list[float], losses: list[float], smoothed: list[float]) -> RangeTest:
    """Read the three rates off the curve."""
    finite = [s if math.isfinite(s) else math.inf for s in smoothed]
    lowest = min(range(len(finite)), key=finite.__getitem__)
    after = next((i for i in range(len(finite) - 1, -1, -1) if finite[i] <= finite[0]), 0)
    edge = rates[after] if after + 1 < len(rates) else None
    width = max(1, len(rates) // 20)  # a difference over several steps, as single ones are noise
    falls = {i: finite[i - width] - finite[i + width] for i in range(width, lowest - width + 1)}
    best = max(falls, key=falls.__getitem__, default=None)
    suggestion = rates[best] if best is not None and falls[best] > 0 else None
    return RangeTest(suggestion, rates[lowest], edge, tuple(rates), tuple(losses), tuple(smoothed))


def _endless(batches: Iterable[tuple[Tensor, Tensor]]) -> Iterator[tuple[Tensor, Tensor]]:
    """Begin the batches again when they end.

    Raises:
        ValueError: If there is none, or they cannot be begun again.
    """
    while True:
        batch = None
        for batch in batches:
            yield batch
        if batch is None:
            raise ValueError(
                "The batches ended before the test did; give a list, a DataLoader, or an endless iterator."
            )


@contextmanager
def _random_states_kept() -> Iterator[None]:
    """Put the random states of torch (all devices), numpy and Python back, exceptions included."""
    kept, numpy_kept = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(kept)
        np.random.set_state(numpy_kept)
