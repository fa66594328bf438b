"""Laws over trainings drawn at random, most of them degenerate in some way.

No rule and no reading fails; every finding carries evidence in numbers; and what is found does not depend on the order
of the rows in a batch, on the names of the modules, or on a wrapper around the model.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from rhobar.diagnose.live import watch
from rhobar.record import Diagnosis

ROWS = 96
CERTAIN = 0.85
"""Confidence from which a finding must not depend on what changes nothing but the rounding."""

DATA: dict[str, Callable[[Tensor], Tensor]] = {
    "as it is": lambda x: x,
    "large": lambda x: 1e3 * x + 5e3,
    "huge": lambda x: 1e30 * x,
    "tiny": lambda x: 1e-20 * x,
    "one value": lambda x: torch.zeros_like(x) + 3,
    "one column": lambda x: x[:, :1],
    "a NaN": lambda x: x.index_fill(0, torch.tensor([5]), math.nan),
    "an infinity": lambda x: x.index_fill(0, torch.tensor([5]), math.inf),
    "whole numbers": lambda x: x.round(),
    "double": lambda x: x.double(),
}
LABELS: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "of the data": lambda x, g: (x[:, 0].nan_to_num(0, 0, 0) > x[:, 0].nanmedian()).long(),
    "noise": lambda x, g: torch.randint(2, (len(x),), generator=g),
    "one": lambda x, g: torch.ones(len(x), dtype=torch.long),
    "rare": lambda x, g: (torch.arange(len(x)) % 48 == 0).long(),
}
ACTIVATIONS = (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.Identity, lambda: nn.Softmax(1), lambda: nn.Hardtanh(0, 0.1))
BETWEEN = (nn.Identity, nn.BatchNorm1d, nn.LayerNorm, lambda n: nn.Dropout(0.9), lambda n: nn.GroupNorm(1, n))
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross-entropy": lambda z, y: F.cross_entropy(z, y),
    "smoothed": lambda z, y: F.cross_entropy(z, y, label_smoothing=0.2),
    "softmax twice": lambda z, y: F.cross_entropy(z.softmax(1), y),
    "squares": lambda z, y: F.mse_loss(z, F.one_hot(y, 2).to(z)),
    "by hand": lambda z, y: ((z[:, 0] - y) ** 2).mean(),
    "broadcast": lambda z, y: ((z[:, :1] - y.to(z)) ** 2).mean(),
    "log of zero": lambda z, y: -torch.log(torch.relu(z[torch.arange(len(y)), y])).mean(),
    "negative": lambda z, y: -F.cross_entropy(z, y),
    "a constant": lambda z, y: (0 * z).sum() + 1,
    "with a penalty": lambda z, y: F.cross_entropy(z, y) + z.abs().mean(),
}
OPTIMIZERS = (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.Adagrad)
HABITS = ("no clearing", "no step", "in eval mode", "evaluates", "clips", "by hand", "decays", "sorted", "frozen")


@dataclass(frozen=True)
class Plan:
    """One random training."""

    data: str
    labels: str
    depth: int
    width: int
    activation: int
    between: int
    loss: str
    optimizer: int
    rate: float
    batch: int
    epochs: int
    initial: float
    habits: frozenset[str]
    seed: int


PLANS = st.builds(
    Plan,
    data=st.sampled_from([*DATA]),
    labels=st.sampled_from([*LABELS]),
    depth=st.integers(0, 8),
    width=st.sampled_from([1, 2, 16, 64]),
    activation=st.integers(0, len(ACTIVATIONS) - 1),
    between=st.integers(0, len(BETWEEN) - 1),
    loss=st.sampled_from([*LOSSES]),
    optimizer=st.integers(0, len(OPTIMIZERS) - 1),
    rate=st.sampled_from([0.0, 1e-7, 1e-3, 1e-2, 0.1, 10.0, 1e6]),
    batch=st.sampled_from([1, 2, 12, 96]),
    epochs=st.integers(0, 12),
    initial=st.sampled_from([-1.0, 0.0, 1e-6, 1.0, 30.0]),
    habits=st.sets(st.sampled_from(HABITS), max_size=3).map(frozenset),
    seed=st.integers(0, 2**16),
)


class Renamed(nn.Module):
    """The same layers in the same order under other names."""

    def __init__(self, net: nn.Sequential) -> None:
        super().__init__()
        self.zebra = nn.ModuleDict({f"part_{i}": layer for i, layer in enumerate(net)})

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.zebra.values():
            x = layer(x)
        return x


class Wrapped(nn.Module):
    """The net inside another module."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.inner = net

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)


def network(plan: Plan, columns: int) -> nn.Sequential:
    torch.manual_seed(plan.seed)
    layers: list[nn.Module] = []
    for _ in range(plan.depth):
        layers += [nn.Linear(columns, plan.width), BETWEEN[plan.between](plan.width), ACTIVATIONS[plan.activation]()]
        columns = plan.width
    net = nn.Sequential(*layers, nn.Linear(columns, 2))
    if plan.initial >= 0:
        with torch.no_grad():
            for p in net.parameters():
                p.mul_(plan.initial)
    return net


def trained(plan: Plan, change: Callable[[nn.Sequential], nn.Module], *, backwards: bool = False) -> Diagnosis:
    """Run the training under watch; `backwards` turns the rows of each batch round."""
    generator = torch.Generator().manual_seed(plan.seed)
    x = DATA[plan.data](torch.randn(ROWS, 3, generator=generator))
    y = LABELS[plan.labels](x, generator)
    if "sorted" in plan.habits:
        order = torch.argsort(y, stable=True)
        x, y = x[order], y[order]
    net = change(network(plan, x.shape[1]).to(x.dtype))
    if "frozen" in plan.habits:
        for p in [*net.parameters()][:-2]:
            p.requires_grad_(False)
    decay = {"weight_decay": 10.0} if "decays" in plan.habits else {}
    optimizer = OPTIMIZERS[plan.optimizer](net.parameters(), lr=plan.rate, **decay)
    net.train("in eval mode" not in plan.habits)
    with watch(net, optimizer) as run:
        try:
            loop(plan, net, optimizer, x, y, backwards=backwards)
        except (ValueError, RuntimeError) as error:  # torch refuses, say, a batch of one
            assert "rhobar" not in str(error)
    return run.diagnosis()


def loop(
    plan: Plan, net: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, *, backwards: bool
) -> None:
    generator = torch.Generator().manual_seed(plan.seed)
    for _ in range(plan.epochs):
        order = torch.arange(ROWS) if "sorted" in plan.habits else torch.randperm(ROWS, generator=generator)
        for rows in order.split(plan.batch):
            rows = rows.flip(0) if backwards else rows
            if "no clearing" not in plan.habits:
                optimizer.zero_grad()
            torch.manual_seed(plan.seed)
            LOSSES[plan.loss](net(x[rows]), y[rows]).backward()
            if "clips" in plan.habits:
                nn.utils.clip_grad_norm_(net.parameters(), 1e-3)
            if "by hand" in plan.habits:
                with torch.no_grad():
                    for p in net.parameters():
                        if p.grad is not None:
                            p -= plan.rate * p.grad
            elif "no step" not in plan.habits:
                optimizer.step()
        if "evaluates" in plan.habits:
            with torch.no_grad():
                LOSSES[plan.loss](net(x), y)


def proper(diagnosis: Diagnosis) -> None:
    """No rule failed, and nothing is claimed without a number."""
    failed = [missing for missing in diagnosis.not_checked if "failed" in missing.reason or "raised" in missing.reason]
    assert not failed
    for finding in diagnosis.findings:
        assert finding.summary and finding.evidence, finding
        assert 0 <= finding.severity <= 1 and 0 < finding.confidence <= 1, finding


def certain(diagnosis: Diagnosis) -> set[str]:
    return {finding.id for finding in diagnosis.findings if finding.confidence >= CERTAIN}


def told(diagnosis: Diagnosis) -> set[str]:
    return {finding.id for finding in diagnosis.findings}


def the_same_is_found(plan: Plan) -> None:
    plain = trained(plan, lambda net: net)
    proper(plain)
    for other in (trained(plan, Renamed), trained(plan, Wrapped), trained(plan, lambda net: net, backwards=True)):
        proper(other)
        assert certain(plain) <= told(other) and certain(other) <= told(plain)


QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None}


@settings(max_examples=6, **QUIET)
@given(PLANS)
def test_a_random_training_is_told_the_same_under_other_names_wrappers_and_orders(plan: Plan) -> None:
    the_same_is_found(plan)


@pytest.mark.slow
@settings(max_examples=250, **QUIET)
@given(PLANS)
def test_a_thousand_random_trainings(plan: Plan) -> None:
    the_same_is_found(plan)
