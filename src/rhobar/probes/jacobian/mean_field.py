"""What the theory of wide random networks says of one layer: its gain, and the band of its singular values.

For y = φ(W x + b) with independent entries of W, the inputs of φ are normal with variance q = σ_w² mean x² + mean b²,
σ_w² = fan_in Var W, so

    ‖J‖_F² / n_out = σ_w² E φ'(√q z)²  (χ),      J = diag φ' · W.

A trained layer that leaves the prediction has weights that are not independent, or inputs that are not what they seem.

Textbook: A68 A73

References:
    Poole et al. (2016), Exponential expressivity in deep neural networks, eqs. (3) and (7).
    Pennington, Schoenholz and Ganguli (2017), Resurrecting the sigmoid in deep learning, section 2.
"""

from dataclasses import dataclass

import torch
from torch import nn

from rhobar.linalg import Band, hermite_nodes, pointwise_slope, singular_value_band

__all__ = ["POINTWISE", "MeanField", "mean_field"]

POINTWISE = (
    *(nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Softplus, nn.Softsign),
    *(nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.ReLU6, nn.Hardsigmoid, nn.Hardswish, nn.LogSigmoid, nn.Identity),
)
"""Activations that act on each element alone."""
_ORDER = 128


@dataclass(frozen=True)
class MeanField:
    """The prediction for one layer with the first two moments of its weights.

    Attributes:
        gain: √χ, of which ‖J‖_F/√n_out is the measurement.
        band: Of the singular values of one sample's J; `None` for a convolution, whose matrix is not independent.
    """

    gain: float
    band: Band | None


@torch.no_grad()
def mean_field(layer: nn.Module, activation: nn.Module | None, input_rms: float) -> MeanField:
    """Predict the gain of a linear map or convolution, with the activation after it.

    Args:
        layer: `nn.Linear` or a convolution, not transposed.
        activation: A pointwise one, or `None`.
        input_rms: Root mean square of the layer's inputs.

    Raises:
        ValueError: If the layer or the activation is of another kind.

    Example:
        >>> layer = nn.Linear(100, 100, bias=False)
        >>> _ = nn.init.constant_(layer.weight, 0.1)  # σ_w² = 1 with moments about zero
        >>> round(mean_field(layer, nn.ReLU(), 1.0).gain, 4)  # √(1/2)
        0.7071
    """
    convolution = isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d)
    if not (convolution or isinstance(layer, nn.Linear)) or not isinstance(activation, (*POINTWISE, type(None))):
        raise ValueError(
            "The layer must be linear or a convolution, followed by a pointwise activation or nothing, got "
            f"{type(layer).__name__} and {type(activation).__name__}."
        )
    weight, offset = layer.weight, layer.bias
    W = torch.as_tensor(weight).double()
    fan_in, variance = W[0].numel(), W.square().mean().item()
    bias = 0.0 if offset is None else torch.as_tensor(offset).double().square().mean().item()
    q = fan_in * variance * input_rms**2 + bias
    z, w = hermite_nodes(_ORDER)
    slopes = torch.ones_like(z) if activation is None else pointwise_slope(activation, q**0.5 * z)
    gain = (fan_in * variance * float(w @ slopes.square())) ** 0.5
    if convolution:
        return MeanField(gain, None)
    return MeanField(gain, singular_value_band(W.shape[0], W.shape[1], variance**0.5, slopes=slopes, weights=w))
