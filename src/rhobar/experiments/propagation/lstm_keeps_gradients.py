"""LSTM: along its cell a gradient shrinks by the forget gate; a vanilla net's by its weights and slopes."""

import math

import torch
from torch import nn

from rhobar.experiments.checks import Check, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.layers import forget_bias_
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_HIDDEN, _TIME = 16, 100
_BIASES = (0.0, 1.0, 3.0, 5.0)


def _lstm(bias: float, generator: torch.Generator) -> nn.LSTM:
    """Return an LSTM whose gates see nothing but their biases, so that f = σ(bias) exactly."""
    lstm = nn.LSTM(_HIDDEN, _HIDDEN, batch_first=True).double()
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=p.dtype) / _HIDDEN**0.5)
            if name.startswith("weight"):
                p[: 2 * _HIDDEN] = 0  # gates i and f
            if name.startswith("weight_hh"):
                p.zero_()
    forget_bias_(lstm, bias)
    return lstm


def _kept_by_lstm(bias: float, setting: Setting) -> float:
    """Return ‖∂(u·C_T)/∂C_0‖ / ‖u‖ for the cell after 100 steps."""
    generator = setting.generator()
    lstm = _lstm(bias, generator)
    x = torch.randn(1, _TIME, _HIDDEN, generator=generator, dtype=torch.float64)
    C0 = torch.zeros(1, 1, _HIDDEN, dtype=torch.float64, requires_grad=True)
    u = torch.randn(1, 1, _HIDDEN, generator=generator, dtype=torch.float64)
    _, (_, C) = lstm(x, (torch.zeros_like(C0), C0))
    (g,) = torch.autograd.grad(C, C0, u)
    return float(g.norm() / u.norm())


def _kept_by_rnn(setting: Setting) -> tuple[float, float]:
    """Return ‖∂(u·h_T)/∂h_0‖ / ‖u‖ of a tanh net with torch's default weights, and its bound ‖W‖₂^T."""
    generator = setting.generator(1)
    rnn = nn.RNN(_HIDDEN, _HIDDEN, batch_first=True).double()
    with torch.no_grad():
        for p in rnn.parameters():
            p.copy_((2 * torch.rand(p.shape, generator=generator, dtype=p.dtype) - 1) / _HIDDEN**0.5)
    x = torch.randn(1, _TIME, _HIDDEN, generator=generator, dtype=torch.float64)
    h0 = torch.zeros(1, 1, _HIDDEN, dtype=torch.float64, requires_grad=True)
    u = torch.randn(1, 1, _HIDDEN, generator=generator, dtype=torch.float64)
    (g,) = torch.autograd.grad(rnn(x, h0)[1], h0, u)
    W: torch.Tensor = rnn.get_parameter("weight_hh_l0").detach()
    # Any product is at most ‖W^T‖, which falls like the spectral radius; slopes of tanh make it smaller.
    return float(g.norm() / u.norm()), float(torch.linalg.matrix_norm(torch.linalg.matrix_power(W, _TIME), 2))


def _run(setting: Setting) -> Result:
    shift = -5.0 if setting.broken else 0.0
    kept = [_kept_by_lstm(b + shift, setting) for b in _BIASES]
    theory = [(1 / (1 + math.exp(-b))) ** _TIME for b in _BIASES]
    vanilla, bound = _kept_by_rnn(setting)
    checks: list[Check] = [
        near(f"forget bias {b:g}: ‖∂C_T/∂C_0‖ after {_TIME} steps: σ({b:g})^{_TIME}", t, k, relative=1e-9)
        for b, t, k in zip(_BIASES, theory, kept, strict=True)
    ]
    return Result(
        checks=(
            *reversed(checks),
            at_most("a vanilla net of default weights, over what forget bias 5 keeps", 1e-6, vanilla / kept[-1]),
        ),
        figures=(
            Plot(
                f"Share of a gradient that {_TIME} steps keep",
                "forget bias b",
                "log₁₀ share",
                (
                    Curve("σ(b)^T", _BIASES, tuple(map(math.log10, theory))),
                    Curve("LSTM's cell", _BIASES, tuple(math.log10(max(k, 1e-300)) for k in kept)),
                    Curve("vanilla", _BIASES, (math.log10(max(vanilla, 1e-300)),) * len(_BIASES)),
                    Curve("vanilla, all slopes 1", _BIASES, (math.log10(bound),) * len(_BIASES)),
                ),
            ),
        ),
        notes=("torch starts the forget gate at ½, a memory that halves with each step: forget_bias_ sets it.",),
    )


EXPERIMENT = Experiment(
    name="lstm-keeps-gradients",
    claim="With gates set by their biases ∂C_T/∂C_0 = σ(b)^T along an LSTM's cell; a vanilla net's gradient is gone.",
    source="Hochreiter and Schmidhuber (1997); Gers et al. (2000); Jozefowicz et al. (2015), section 3.",
    textbook=("C57", "C59", "C60", "C61", "C62", "C63", "C64"),
    control="the forget gates are nearly closed",
    run=_run,
    formulas=("rhobar.nn.layers.forget_bias_",),
    findings=("vanishing-gradient",),
    exact="the share is σ(b)^T to rounding, whatever the width.",
)
