"""The graph convolution network.

Reference: Kipf and Welling (2017), Semi-supervised classification with graph convolutional networks, arXiv:1609.02907.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["GCN", "GraphConvolution", "normalized_adjacency"]


def normalized_adjacency(adjacency: Float[Tensor, "*batch nodes nodes"]) -> Float[Tensor, "*batch nodes nodes"]:
    """Let each node count as its own neighbour, and weigh each edge by both its ends.

        Â = D⁻¹ᐟ² (A + I) D⁻¹ᐟ²,  Dᵢᵢ = Σⱼ (A + I)ᵢⱼ

    Args:
        adjacency: A, symmetric, weights of the edges, at least 0.

    Returns:
        Â, symmetric, with eigenvalues in (−1, 1]; 1 belongs to D¹ᐟ²·1.

    Example:
        >>> normalized_adjacency(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
        tensor([[0.5000, 0.5000],
                [0.5000, 0.5000]])

    Reference: Kipf and Welling (2017), eq. 2.
    """
    with_loops = adjacency + torch.eye(adjacency.shape[-1], dtype=adjacency.dtype, device=adjacency.device)
    scale = with_loops.sum(-1).rsqrt()
    return scale.unsqueeze(-1) * with_loops * scale.unsqueeze(-2)


class GraphConvolution(nn.Module):
    """Mix each node with its neighbours by one matrix for all nodes.

        H' = Â H W + b,  W by Glorot, b = 0

    Permutation equivariant: for every permutation P, f(PÂPᵀ, PH) = P f(Â, H).

    Args:
        in_features: Numbers of a node before.
        out_features: Numbers of a node after.

    Textbook: B78.

    Example:
        >>> GraphConvolution(3, 2)(torch.randn(5, 3), torch.eye(5)).shape
        torch.Size([5, 2])
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(in_features, out_features))
        self.bias = nn.Parameter(torch.zeros(out_features))
        nn.init.xavier_uniform_(self.weight)

    def forward(
        self, H: Float[Tensor, "*batch nodes features"], propagation: Float[Tensor, "*batch nodes nodes"]
    ) -> Float[Tensor, "*batch nodes outputs"]:
        """Return Â H W + b."""
        return propagation @ (H @ self.weight) + self.bias


class GCN(nn.Module):
    """Two graph convolutions: the class of each node from its features and those of its neighbours' neighbours.

        Z = Â ReLU(Â X W⁰ + b⁰) W¹ + b¹,  Â = D⁻¹ᐟ² (A + I) D⁻¹ᐟ²

    For Cora (1,433 words, 16 hidden, 7 classes) 23,063 parameters: 23,040 weights as in the paper, 23 biases.

    Args:
        in_features: Numbers of a node.
        hidden: Of the layer between.
        num_classes: Of the nodes.
        dropout: Probability of dropping an input of a layer.

    Textbook: B78.

    Example:
        >>> GCN(3, 8, 2)(torch.randn(5, 3), torch.ones(5, 5) - torch.eye(5)).shape
        torch.Size([5, 2])
    """

    def __init__(self, in_features: int, hidden: int, num_classes: int, *, dropout: float = 0.5) -> None:
        super().__init__()
        self.first = GraphConvolution(in_features, hidden)
        self.second = GraphConvolution(hidden, num_classes)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, X: Float[Tensor, "*batch nodes features"], adjacency: Float[Tensor, "*batch nodes nodes"]
    ) -> Float[Tensor, "*batch nodes classes"]:
        """Return the scores of the classes of every node; the adjacency is as given, not yet normalised."""
        propagation = normalized_adjacency(adjacency)
        H = torch.relu(self.first(self.dropout(X), propagation))
        Z: Tensor = self.second(self.dropout(H), propagation)
        return Z
