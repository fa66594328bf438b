"""Jacobians of layers, and the chain rule as their product.

Textbook: B16[Calc], C25, A50, A51, A52, A54, C54, C68, C69.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["activation_jacobian", "chain_product", "layer_jacobian", "preactivation_jacobian", "weight_jacobian"]


def activation_jacobian(df: Float[Tensor, " n"]) -> Float[Tensor, "n n"]:
    """Return the Jacobian of an elementwise activation: a diagonal matrix.

        ∂f(z)/∂z = diag(f'(z))

    Its singular values are |f'(z_i)|: signs matter for activations that fall somewhere, such as GELU.

    Textbook: A50.

    Args:
        df: f'(z).

    Example:
        >>> activation_jacobian(torch.tensor([1.0, 0.0]))
        tensor([[1., 0.],
                [0., 0.]])
    """
    return df.diag()


def weight_jacobian(x: Float[Tensor, " n"], num_outputs: int) -> Float[Tensor, "m m n"]:
    """Return how the outputs of a linear layer depend on its weights.

        y = W x,   ∂y_i/∂W_jk = x_k if i = j, else 0

    Textbook: A50.

    Args:
        x: The layer's input.
        num_outputs: m.

    Example:
        >>> weight_jacobian(torch.tensor([2.0, 3.0]), 1)
        tensor([[[2., 3.]]])
    """
    return torch.eye(num_outputs, dtype=x.dtype, device=x.device)[:, :, None] * x


def layer_jacobian(W: Float[Tensor, "m n"], df: Float[Tensor, " m"]) -> Float[Tensor, "m n"]:
    """Return how a layer's output depends on the output of the one before.

        a_l = f(W_l a_{l−1} + b_l),   ∂a_l/∂a_{l−1} = diag(f'(z_l)) W_l

    (The text prints W_l diag(f'(z_{l−1})), which is `preactivation_jacobian`, another quantity.)

    Textbook: C68, C69.

    Args:
        W: W_l.
        df: f'(z_l).

    Example:
        >>> layer_jacobian(torch.ones(2, 3), torch.tensor([1.0, 0.0])).tolist()
        [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    """
    return df[:, None] * W


def preactivation_jacobian(W: Float[Tensor, "m n"], df_previous: Float[Tensor, " n"]) -> Float[Tensor, "m n"]:
    """Return how a layer's preactivation depends on the one before.

        z_l = W_l f(z_{l−1}) + b_l,   ∂z_l/∂z_{l−1} = W_l diag(f'(z_{l−1}))

    Textbook: C69 (what it prints).

    Args:
        W: W_l.
        df_previous: f'(z_{l−1}).

    Example:
        >>> preactivation_jacobian(torch.ones(2, 2), torch.tensor([1.0, 0.0])).tolist()
        [[1.0, 0.0], [1.0, 0.0]]
    """
    return W * df_previous


def chain_product(gradient: Float[Tensor, " m"], jacobians: Sequence[Float[Tensor, "_ _"]]) -> Float[Tensor, " n"]:
    """Carry a gradient from the last layer back to the input.

        ∂L/∂x_0 = ∂L/∂x_L · J_L J_{L−1} ⋯ J_1,   J_l = ∂x_l/∂x_{l−1}

    Taken from the left, as reverse mode does: each step is a vector times a matrix (a VJP), and no product of two
    matrices is ever formed.

    Textbook: A51, A52, C25, C54.

    Args:
        gradient: ∂L/∂x_L.
        jacobians: J_1, …, J_L.

    Example:
        >>> chain_product(torch.ones(1), [torch.tensor([[2.0, 0.0]]), torch.tensor([[3.0]])])
        tensor([6., 0.])

    Reference: Griewank and Walther (2008), Evaluating derivatives, section 3.2.
    """
    for J in reversed(jacobians):
        gradient = gradient @ J
    return gradient
