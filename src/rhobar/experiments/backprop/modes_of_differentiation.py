"""Forward mode builds a Jacobian by its n columns, reverse mode by its m rows: the smaller number is cheaper."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from rhobar.experiments.checks import at_most, near, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.backprop import jacobian_forward, jacobian_reverse, mode_costs
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_SHAPES = ((48, 1), (48, 8), (24, 24), (8, 48), (1, 48))
_HIDDEN = 32


def _function(n: int, m: int, generator: torch.Generator) -> Callable[[Tensor], Tensor]:
    V = torch.randn(_HIDDEN, n, generator=generator, dtype=torch.float64) / n**0.5
    W = torch.randn(m, _HIDDEN, generator=generator, dtype=torch.float64) / _HIDDEN**0.5
    return lambda x: (W @ torch.tanh(V @ x[:, None]))[:, 0]


def _each() -> list[tuple[int, tuple[int, int]]]:
    return list(enumerate(_SHAPES))


def _counted(run: Callable[[], Tensor]) -> tuple[Tensor, int]:
    with FlopCounterMode(display=False) as counter:
        found = run()
    return found, int(counter.get_total_flops())


def _costs(n: int, m: int, generator: torch.Generator) -> tuple[float, float, float]:
    """Return what a Jacobian costs in forward and reverse mode, in evaluations, and how far the two are apart."""
    f = _function(n, m, generator)
    x = torch.randn(n, generator=generator, dtype=torch.float64)
    _, once = _counted(lambda: f(x))
    columns, down = _counted(lambda: jacobian_forward(f, x))
    rows, up = _counted(lambda: jacobian_reverse(f, x))
    return down / once, up / once, float((columns - rows).abs().max())


def _run(setting: Setting) -> Result:
    forward, reverse, wins, off = [], [], [], []
    for stream, (n, m) in enumerate(_SHAPES):
        down, up, difference = _costs(n, m, setting.generator(stream))
        forward.append(down)
        reverse.append(up)
        predicted = "reverse" if setting.broken else mode_costs(n, m).cheaper  # reverse, whatever the shape
        wins.append(n == m or predicted == ("forward" if down <= up else "reverse"))
        off.append(difference)
    # Forward mode repeats the pass beside every tangent, up to 3 evaluations in all; reverse keeps one pass for all.
    theory = [3.0 * n for n, _ in _SHAPES], [1.0 + m for _, m in _SHAPES]
    places = tuple(math.log2(n / m) for n, m in _SHAPES)
    return Result(
        checks=(
            true("the cheaper mode is that of the smaller number", all(wins)),
            at_most(
                "forward mode, in evaluations a column: at most 3", 3.0, max(forward[i] / n for i, (n, _) in _each())
            ),
            near("forward mode: n = 48 over n = 1: 48", 48.0, forward[0] / forward[-1], relative=1e-9),
            *(
                near(f"n = {n}, m = {m}: reverse mode, in evaluations: 1 + m", theory[1][i], reverse[i], relative=1e-9)
                for i, (n, m) in _each()
            ),
            at_most("largest difference of the two Jacobians: rounding", 1e-12, max(off)),
        ),
        figures=(
            Plot(
                "Operations for a whole Jacobian, in evaluations of the function",
                "log₂ n/m",
                "log₁₀ evaluations",
                (
                    Curve("3n, bound", places, tuple(map(math.log10, theory[0]))),
                    Curve("forward mode", places, tuple(map(math.log10, forward))),
                    Curve("1 + m", places, tuple(map(math.log10, theory[1]))),
                    Curve("reverse mode", places, tuple(map(math.log10, reverse))),
                ),
            ),
        ),
        notes=("A loss has m = 1: reverse mode wins by n, which is why training uses it.",),
    )


EXPERIMENT = Experiment(
    name="modes-of-differentiation",
    claim="The Jacobian of f: ℝⁿ → ℝᵐ takes n products forward or m in reverse, each of one to three evaluations.",
    source="Griewank and Walther (2008), Evaluating derivatives, sections 3.1 and 3.2.",
    textbook=("C-§4.3.5", "A50", "A54"),
    control="reverse mode is taken for the cheaper one whatever the shape",
    run=_run,
    formulas=(
        "rhobar.nn.backprop.jacobian_forward",
        "rhobar.nn.backprop.jacobian_reverse",
        "rhobar.nn.backprop.mode_costs",
    ),
    exact="operations are counted, not sampled.",
)
