"""LeNet-5, the first convolutional network that read cheques.

Reference: LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document recognition.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["LeNet5", "ScaledTanh"]


class ScaledTanh(nn.Module):
    """The paper's squashing function f(a) = 1.7159 tanh(2a/3), for which f(±1) = ±1.

    Example:
        >>> round(ScaledTanh()(torch.ones(1)).item(), 4)
        1.0
    """

    def forward(self, a: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return f(a)."""
        return 1.7159 * torch.tanh(2 / 3 * a)


class LeNet5(nn.Module):
    """Convolution, pooling, convolution, pooling, convolution to single pixels, two linear layers.

        C1 6@5×5 → S2 mean 2×2 → C3 16@5×5 → S4 mean 2×2 → C5 120@5×5 → F6 84 → num_classes,  f = 1.7159 tanh(2a/3)

    156 + 2,416 + 48,120 + 10,164 + 850 = 61,706 parameters. This is the dense variant: each C3 map sees all six maps of
    S2, pooling has no weights, and the answer is linear. The paper connects C3 by a table (1,516 weights), gives each
    pooled map a factor and a bias (44) and fixes its radial output units, which leaves exactly 60,000.

    W ~ N(0, 1/n) (LeCun et al. 1998, Efficient BackProp, eq. 16), b = 0. Images of more than 32×32 pixels make C5 a
    map, over which the mean is taken.

    Args:
        num_classes: Of digits, 10.
        in_channels: 1 for grey.

    Textbook: C55, C-§2.3.2, C-§6.2.2a, C-§6.2.2b, C-§6.2.3.

    Example:
        >>> LeNet5()(torch.randn(5, 1, 32, 32)).shape
        torch.Size([5, 10])
    """

    SMALLEST = 32

    def __init__(self, num_classes: int = 10, *, in_channels: int = 1) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(in_channels, 6, 5)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, num_classes)
        self.pool = nn.AvgPool2d(2)
        self.f = ScaledTanh()
        for layer in (self.c1, self.c3, self.c5, self.f6, self.output):
            nn.init.normal_(layer.weight, std=1 / math.sqrt(layer.weight[0].numel()))
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Return the scores of the classes.

        Raises:
            ValueError: If an image is smaller than 32×32.
        """
        if min(images.shape[2:]) < self.SMALLEST:
            raise ValueError(
                f"LeNet-5 needs images of at least 32×32 pixels, got {images.shape[2]}×{images.shape[3]}; "
                "pad them (the paper pads digits of 28×28 to 32×32)."
            )
        s2 = self.pool(self.f(self.c1(images)))
        s4 = self.pool(self.f(self.c3(s2)))
        c5 = self.f(self.c5(s4)).mean((2, 3))
        scores: Tensor = self.output(self.f(self.f6(c5)))
        return scores
