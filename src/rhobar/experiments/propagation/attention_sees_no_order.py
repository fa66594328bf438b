"""Self-attention without positions commutes with permutations of the tokens; a causal mask hides the future."""

import torch
from torch import Tensor

from rhobar.experiments.checks import at_least, at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.layers import MultiHeadAttention, Sinusoidal
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_TOKENS, _DIM = 10, 16


def _attention(setting: Setting, *, causal: bool) -> MultiHeadAttention:
    attention = MultiHeadAttention(_DIM, 4, causal=causal).double()
    generator = setting.generator()
    with torch.no_grad():
        for p in attention.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=p.dtype) / _DIM**0.5)
    return attention


@torch.no_grad()
def _leak(attention: MultiHeadAttention, x: Tensor, generator: torch.Generator) -> list[float]:
    """Return how far each token's output moves when the last token is replaced."""
    other = x.clone()
    other[:, -1] = torch.randn(_DIM, generator=generator, dtype=x.dtype)
    return [float(d) for d in (attention(other) - attention(x)).abs().amax((0, 2))]


@torch.no_grad()
def _run(setting: Setting) -> Result:
    generator = setting.generator(1)
    x = torch.randn(3, _TOKENS, _DIM, generator=generator, dtype=torch.float64)
    order = torch.randperm(_TOKENS, generator=generator)
    attention, causal = _attention(setting, causal=False), _attention(setting, causal=True)
    positions = Sinusoidal(_TOKENS, _DIM).double()

    def answer(tokens: Tensor, *, placed: bool) -> Tensor:
        out: Tensor = attention(positions(tokens) if placed else tokens)
        return out

    moved = answer(x[:, order], placed=setting.broken) - answer(x, placed=setting.broken)[:, order]
    with_places = answer(x[:, order], placed=True) - answer(x, placed=True)[:, order]
    leak, open_leak = _leak(causal, x, generator), _leak(attention, x, generator)
    places = tuple(map(float, range(_TOKENS)))
    return Result(
        checks=(
            at_most("permuted tokens against permuted answers: rounding", 1e-12, float(moved.abs().max())),
            at_least("the same with sinusoidal positions: it sees the order", 0.01, float(with_places.abs().max())),
            at_most("causal mask: change of earlier tokens by the last one: none", 0.0, max(leak[:-1])),
            at_least("no mask: least change of an earlier token by the last one", 1e-6, min(open_leak[:-1])),
        ),
        figures=(
            Plot(
                "Change of the answers when the last token is replaced",
                "token",
                "largest change",
                (
                    Curve("causal, predicted", places[:-1], (0.0,) * (_TOKENS - 1)),
                    Curve("causal", places, tuple(leak)),
                    Curve("no mask", places, tuple(open_leak)),
                ),
            ),
        ),
    )


EXPERIMENT = Experiment(
    name="attention-sees-no-order",
    claim="Without positions self-attention commutes with permutations; with a causal mask no answer sees the future.",
    source="Vaswani et al. (2017), Attention is all you need, sections 3.2.3 and 3.5.",
    textbook=("C-§6.4.3", "C65", "C66", "C67"),
    control="positions are added to the tokens",
    run=_run,
    formulas=("rhobar.nn.layers.MultiHeadAttention", "rhobar.nn.layers.Sinusoidal"),
    exact="the answers agree to rounding, whatever the number of tokens.",
)
