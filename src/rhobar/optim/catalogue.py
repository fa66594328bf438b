"""What rhobar adds to torch.optim, by name."""

from collections.abc import Callable
from typing import Any

from rhobar.optim.averaging import ema, swa
from rhobar.optim.kfac import KFAC
from rhobar.optim.lbfgs import lbfgs
from rhobar.optim.lookahead import Lookahead
from rhobar.optim.natural_gradient import NaturalGradient
from rhobar.optim.newton_cg import NewtonCG
from rhobar.optim.proximal import ProximalL1
from rhobar.optim.sam import SAM

__all__ = ["OPTIMIZERS", "summary"]

OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "lookahead": Lookahead,
    "sam": SAM,
    "proximal-l1": ProximalL1,
    "lbfgs": lbfgs,
    "newton-cg": NewtonCG,
    "natural-gradient": NaturalGradient,
    "kfac": KFAC,
    "ema": ema,
    "swa": swa,
}
"""Name ↦ what constructs it."""


def summary(thing: Callable[..., Any]) -> str:
    """Return the first line of a docstring."""
    return (thing.__doc__ or "").strip().splitlines()[0]
