"""Optimizers: the update rules as formulas, and what torch.optim lacks.

`rhobar.optim.rules` holds each rule as a pure function. The classes here are torch optimizers: groups, schedulers,
state dictionaries and hooks work as with those of `torch.optim`. `OPTIMIZERS` lists them.
"""

from rhobar.optim.averaging import ema, swa
from rhobar.optim.catalogue import OPTIMIZERS
from rhobar.optim.kfac import KFAC, split_parameters
from rhobar.optim.lbfgs import lbfgs
from rhobar.optim.lookahead import Lookahead
from rhobar.optim.natural_gradient import NaturalGradient
from rhobar.optim.newton_cg import NewtonCG
from rhobar.optim.proximal import ProximalL1, soft_threshold
from rhobar.optim.rules import RULES, Rule, descend
from rhobar.optim.sam import SAM

__all__ = [
    "KFAC",
    "OPTIMIZERS",
    "RULES",
    "SAM",
    "Lookahead",
    "NaturalGradient",
    "NewtonCG",
    "ProximalL1",
    "Rule",
    "descend",
    "ema",
    "lbfgs",
    "soft_threshold",
    "split_parameters",
    "swa",
]
