"""The multilayer perceptron.

Reference: Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors, Nature 323.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["MLP"]


class MLP(nn.Module):
    """Affine maps with an activation between them; the last is bare, its link function belongs to the loss.

        h⁰ = x,  hˡ = φ(Wˡ hˡ⁻¹ + bˡ),  y = Wᴸ hᴸ⁻¹ + bᴸ,  W ~ N(0, gain²/n),  b = 0

    Of widths n₀, …, n_L it has Σ nₗ(nₗ₋₁ + 1) parameters: 784–300–10 (LeCun et al. 1998) has 238,510.

    Args:
        in_features: n₀.
        hidden: Widths n₁, …, n_{L−1}; none makes a linear model.
        out_features: n_L.
        activation: Makes φ.
        gain: √2 suits ReLU, 1 tanh; the last layer has gain 1.

    Textbook: A12, B1, C13–C16, C53, C-§6.1.1, C-§6.1.2b, A71, C72.

    Example:
        >>> import torch
        >>> MLP(784, [300], 10)(torch.randn(5, 784)).shape
        torch.Size([5, 10])
    """

    def __init__(
        self,
        in_features: int,
        hidden: Sequence[int],
        out_features: int,
        *,
        activation: Callable[[], nn.Module] = nn.ReLU,
        gain: float = math.sqrt(2.0),
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for n, m in pairwise([in_features, *hidden]):
            linear = nn.Linear(n, m)
            nn.init.normal_(linear.weight, std=gain / math.sqrt(n))
            layers += [linear, activation()]
        head = nn.Linear([in_features, *hidden][-1], out_features)
        nn.init.normal_(head.weight, std=1 / math.sqrt(head.in_features))
        self.layers = nn.Sequential(*layers, head)
        for part in self.layers:
            if isinstance(part, nn.Linear):
                nn.init.zeros_(part.bias)

    def forward(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch outputs"]:
        """Return y for each vector x of the last dimension."""
        y: Tensor = self.layers(x)
        return y
