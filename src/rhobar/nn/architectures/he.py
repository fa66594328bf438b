"""He initialisation of a whole network: what the convolutional papers after 2015 start from.

Reference: He et al. (2015), Delving Deep into Rectifiers, arXiv:1502.01852.
"""

from typing import Literal

from torch import nn

__all__ = ["he_"]


def he_(module: nn.Module, *, mode: Literal["fan_in", "fan_out"] = "fan_in") -> None:
    """Initialise every convolution and linear map for ReLU, every normalisation as the identity.

        W ~ N(0, 2/n),  in the last linear layer, which gives the answer, W ~ N(0, 1/n),  b = 0,  γ = 1,  β = 0

    Args:
        module: The network, changed in place.
        mode: n is the fan-in (keeps activations, eq. 10) or the fan-out (keeps gradients, eq. 14) of a convolution.

    Textbook: A71, C72.

    Example:
        >>> conv = nn.Conv2d(64, 64, 3)
        >>> he_(conv)
        >>> round((conv.weight.var() * 64 * 9).item(), 1)
        2.0
    """
    linear = [part for part in module.modules() if isinstance(part, nn.Linear)]
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode=mode, nonlinearity="relu")
        elif isinstance(part, nn.Linear):
            nn.init.kaiming_normal_(part.weight, nonlinearity="linear" if part is linear[-1] else "relu")
        elif isinstance(part, nn.BatchNorm2d):
            nn.init.ones_(part.weight)
        if isinstance(part, nn.Conv2d | nn.Linear | nn.BatchNorm2d) and part.bias is not None:
            nn.init.zeros_(part.bias)
