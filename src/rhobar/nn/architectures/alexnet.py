"""AlexNet, the network that won ImageNet in 2012, in its one-tower form of 2014.

References:
    Krizhevsky, Sutskever and Hinton (2012), ImageNet classification with deep convolutional neural networks.
    Krizhevsky (2014), One weird trick for parallelizing convolutional neural networks, arXiv:1404.5997.
"""

from jaxtyping import Float
from torch import Tensor, nn

from rhobar.nn.architectures.he import he_

__all__ = ["AlexNet"]


class AlexNet(nn.Module):
    """Five convolutions with ReLU, three of them pooled by overlapping maxima, and three linear layers with dropout.

        64@11×11/4, pool → 192@5×5, pool → 384@3×3 → 256@3×3 → 256@3×3, pool → 6×6 → 4096 → 4096 → num_classes

    61,100,840 parameters at 1,000 classes: the one tower of 2014, as in torchvision, without response normalisation.
    The two towers of 2012 (96, 256, 384, 384, 256 maps in two halves) have 60,965,224.
    Initialised by He: the paper's N(0, 0.01) presumes pixels of 0…255.

    Args:
        num_classes: 1,000 for ImageNet.
        in_channels: 3 for colour.
        channels: Maps of the five convolutions.
        hidden: Width of the two hidden linear layers.
        dropout: Probability of dropping an input of a hidden linear layer.

    Textbook: C55, C56, C-§6.2.3, A71, C72.

    Example:
        >>> import torch
        >>> AlexNet(10, channels=(8, 8, 8, 8, 8), hidden=16)(torch.randn(5, 3, 64, 64)).shape
        torch.Size([5, 10])
    """

    SMALLEST = 63

    def __init__(
        self,
        num_classes: int = 1000,
        *,
        in_channels: int = 3,
        channels: tuple[int, int, int, int, int] = (64, 192, 384, 256, 256),
        hidden: int = 4096,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        k1, k2, k3, k4, k5 = channels
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, k1, 11, stride=4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(k1, k2, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(k2, k3, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(k3, k4, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(k4, k5, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.AdaptiveAvgPool2d(6),
            nn.Flatten(),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(k5 * 6 * 6, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, num_classes),
        )
        he_(self)

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch classes"]:
        """Return the scores of the classes.

        Raises:
            ValueError: If an image is smaller than 63×63.
        """
        if min(images.shape[2:]) < self.SMALLEST:
            raise ValueError(
                f"AlexNet needs images of at least 63×63 pixels, got {images.shape[2]}×{images.shape[3]}; "
                "enlarge them, or use cifar_resnet for small images."
            )
        logits: Tensor = self.classifier(self.features(images))
        return logits
