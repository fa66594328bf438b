"""Activation functions: one formula each beside torch's, one table of their properties, and their Gaussian gains."""

from rhobar.nn.activations.activation import Activation
from rhobar.nn.activations.elu import elu, elu_derivative, selu, selu_derivative
from rhobar.nn.activations.gains import (
    CriticalPoint,
    backward_gain,
    critical_point,
    forward_gain,
    gaussian_expectation,
    signal_point,
    variance_band,
)
from rhobar.nn.activations.gelu import gelu, gelu_derivative
from rhobar.nn.activations.linear import identity, identity_derivative
from rhobar.nn.activations.logistic import sigmoid, sigmoid_derivative, tanh, tanh_derivative
from rhobar.nn.activations.relu import leaky_relu, leaky_relu_derivative, relu, relu_derivative
from rhobar.nn.activations.silu import mish, mish_derivative, swish, swish_derivative
from rhobar.nn.activations.softmax import softmax, softmax_jacobian
from rhobar.nn.activations.softplus import softplus, softplus_derivative
from rhobar.nn.activations.table import ACTIVATIONS

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "CriticalPoint",
    "backward_gain",
    "critical_point",
    "elu",
    "elu_derivative",
    "forward_gain",
    "gaussian_expectation",
    "gelu",
    "gelu_derivative",
    "identity",
    "identity_derivative",
    "leaky_relu",
    "leaky_relu_derivative",
    "mish",
    "mish_derivative",
    "relu",
    "relu_derivative",
    "selu",
    "selu_derivative",
    "sigmoid",
    "sigmoid_derivative",
    "signal_point",
    "softmax",
    "softmax_jacobian",
    "softplus",
    "softplus_derivative",
    "swish",
    "swish_derivative",
    "tanh",
    "tanh_derivative",
    "variance_band",
]
