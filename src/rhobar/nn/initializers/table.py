"""The table of initialisers. A new member is one row here; every law of tests/nn/initializers then holds it."""

from rhobar.nn.initializers.he import he_, he_variance
from rhobar.nn.initializers.initializer import Initializer
from rhobar.nn.initializers.lecun import lecun_, lecun_variance
from rhobar.nn.initializers.orthogonal import orthogonal_, orthogonal_variance
from rhobar.nn.initializers.xavier import xavier_, xavier_variance

__all__ = ["INITIALIZERS"]

_ROWS = (
    Initializer(
        name="xavier",
        equation="Var(W) = 2 / (n + m)",
        variance=xavier_variance,
        production=xavier_,
        distributions=("normal", "uniform"),
        keeps="a compromise of signal and gradient",
        suits=("identity", "tanh"),
        summary="For tanh near zero and linear layers; too small for ReLU.",
        reference="Glorot and Bengio 2010",
        textbook="A32, A68, A69, A70, C71",
    ),
    Initializer(
        name="he",
        equation="Var(W) = 2 / n",
        variance=lambda n, m: he_variance(n),
        production=he_,
        distributions=("normal", "uniform"),
        keeps="the signal",
        suits=("relu", "leaky_relu", "prelu"),
        summary="For the ReLU family, which halves the second moment.",
        reference="He et al. 2015",
        textbook="A32, A71, C72",
    ),
    Initializer(
        name="lecun",
        equation="Var(W) = 1 / n",
        variance=lambda n, m: lecun_variance(n),
        production=lecun_,
        distributions=("normal", "uniform"),
        keeps="the signal",
        suits=("identity", "selu"),
        summary="For linear and self-normalising (SELU) layers.",
        reference="LeCun et al. 1998",
        textbook="A68",
    ),
    Initializer(
        name="orthogonal",
        equation="WᵀW = 1, Var(W) = 1 / max(n, m)",
        variance=orthogonal_variance,
        production=orthogonal_,
        distributions=("orthogonal",),
        keeps="all lengths",
        suits=("identity",),
        summary="All singular values 1: a linear net keeps every length at any depth.",
        reference="Saxe et al. 2014",
        textbook="A67",
    ),
)

INITIALIZERS: dict[str, Initializer] = {row.name: row for row in _ROWS}
"""Every initialiser of a single weight by its name; `critical_` and `unit_variance_` set whole models."""
