"""SimCLR: learning to see by telling two views of one image from views of others.

Reference: Chen, Kornblith, Norouzi and Hinton (2020), A simple framework for contrastive learning of visual
representations, arXiv:2002.05709.
"""

from jaxtyping import Float
from torch import Tensor, nn

from rhobar.nn.architectures.mlp import MLP

__all__ = ["SimCLR"]


class SimCLR(nn.Module):
    """An encoder, whose features are kept, and a projection head, on whose output the contrastive loss is taken.

        h = f(x),  z = g(h) = W⁽²⁾ ReLU(W⁽¹⁾ h)

    The loss −log[exp(sim(zᵢ, zⱼ)/τ) / Σ_{k≠i} exp(sim(zᵢ, z_k)/τ)] with the cosine as sim takes z; later tasks take h.
    With ResNet-50 without its linear layer (23,508,032 parameters, h of 2,048 features) and z of 128 numbers it has
    27,966,656 parameters, the head's biases among them.

    Args:
        encoder: f.
        num_features: Size of h, also the width of the head.
        projection: Size of z.

    Textbook: C-§8.2, C85.

    Example:
        >>> import torch
        >>> encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 16))
        >>> model = SimCLR(encoder, 16, projection=8)
        >>> model(torch.randn(5, 1, 8, 8)).shape
        torch.Size([5, 8])
    """

    def __init__(self, encoder: nn.Module, num_features: int, *, projection: int = 128) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = MLP(num_features, [num_features], projection)

    def features(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch features"]:
        """Return h, what later tasks use."""
        h: Tensor = self.encoder(images)
        return h

    def forward(self, images: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch projection"]:
        """Return z, what the contrastive loss compares."""
        z: Tensor = self.head(self.features(images))
        return z
