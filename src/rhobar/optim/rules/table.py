"""All update rules by name."""

from rhobar.optim.rules.adadelta import adadelta, adadelta_start
from rhobar.optim.rules.adagrad import adagrad, adagrad_start
from rhobar.optim.rules.adam import adam
from rhobar.optim.rules.adamw import adamw, adamw_start
from rhobar.optim.rules.gradient_descent import gradient_descent, gradient_descent_start
from rhobar.optim.rules.lookahead import lookahead, lookahead_start
from rhobar.optim.rules.moments import moments_start
from rhobar.optim.rules.momentum import momentum, momentum_start
from rhobar.optim.rules.nesterov import nesterov, nesterov_point
from rhobar.optim.rules.radam import radam
from rhobar.optim.rules.rmsprop import rmsprop, rmsprop_start
from rhobar.optim.rules.rule import Rule
from rhobar.optim.rules.uncorrected_adam import uncorrected_adam

__all__ = ["RULES"]

RULES: dict[str, Rule] = {
    "gradient-descent": Rule(gradient_descent, gradient_descent_start),
    "momentum": Rule(momentum, momentum_start),
    "nesterov": Rule(nesterov, momentum_start, nesterov_point),
    "adagrad": Rule(adagrad, adagrad_start),
    "rmsprop": Rule(rmsprop, rmsprop_start),
    "adadelta": Rule(adadelta, adadelta_start),
    "adam": Rule(adam, moments_start),
    "uncorrected-adam": Rule(uncorrected_adam, moments_start),
    "adamw": Rule(adamw, adamw_start),
    "radam": Rule(radam, moments_start),
    "lookahead": Rule(lookahead, lookahead_start),
}
"""Name ↦ rule, from the simplest to the most involved."""
