"""Backpropagation of a multilayer perceptron, by hand: four equations, each equal to what autograd computes.

Samples are rows, so that a layer maps a batch at once; the texts write one sample as a column. Training repeats
forward, loss, backward, update; torch adds each gradient to `.grad`, so set it to zero before every backward pass.

Textbook: A47, C26–C31, A49.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = [
    "ForwardPass",
    "Gradients",
    "bias_gradient",
    "hidden_delta",
    "mlp_backward",
    "mlp_forward",
    "output_delta",
    "softmax_cross_entropy_delta",
    "squared_error_gradient",
    "weight_gradient",
]

Map = Callable[[Tensor], Tensor]
Rows = Float[Tensor, "batch width"]


@dataclass(frozen=True)
class ForwardPass:
    """What the backward pass needs: memory grows with depth for it.

    Attributes:
        z: z_1, …, z_L, before the activations.
        a: a_0 = x, a_1, …, a_L.
    """

    z: tuple[Tensor, ...]
    a: tuple[Tensor, ...]


@dataclass(frozen=True)
class Gradients:
    """The gradient of the loss, summed over the batch as the loss is.

    Attributes:
        weights: ∂L/∂W_1, …, ∂L/∂W_L.
        biases: ∂L/∂b_1, …, ∂L/∂b_L.
        deltas: δ_1, …, δ_L, one row a sample.
        inputs: ∂L/∂a_0.
    """

    weights: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]
    deltas: tuple[Tensor, ...]
    inputs: Tensor


def mlp_forward(x: Rows, weights: Sequence[Tensor], biases: Sequence[Tensor], f: Sequence[Map]) -> ForwardPass:
    """Run the layers and keep what they computed.

        z_l = W_l a_{l−1} + b_l,   a_l = f_l(z_l),   a_0 = x

    Textbook: C26, C27.

    Args:
        x: Inputs.
        weights: W_1, …, W_L, one row an output.
        biases: b_1, …, b_L.
        f: f_1, …, f_L; that of the output depends on the task.

    Example:
        >>> two = torch.tensor([[2.0]])
        >>> mlp_forward(torch.ones(1, 1), [two, two], [torch.ones(1)] * 2, [torch.relu] * 2).a[-1]
        tensor([[7.]])

    Reference: Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors, eq. 1–2.
    """
    z: list[Tensor] = []
    a = [x]
    for W, b, f_l in zip(weights, biases, f, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(f_l(z[-1]))
    return ForwardPass(tuple(z), tuple(a))


def mlp_backward(done: ForwardPass, weights: Sequence[Tensor], df: Sequence[Map], dL_da: Rows) -> Gradients:
    """Send the error back, layer by layer.

        δ_L = ∂L/∂a_L ⊙ f_L'(z_L)                 `output_delta`
        δ_l = (W_{l+1}ᵀ δ_{l+1}) ⊙ f_l'(z_l)       `hidden_delta`
        ∂L/∂W_l = δ_l a_{l−1}ᵀ                    `weight_gradient`
        ∂L/∂b_l = δ_l                             `bias_gradient`

    Textbook: C28–C31.

    Args:
        done: The forward pass.
        weights: W_1, …, W_L.
        df: f_1', …, f_L', elementwise. For softmax with cross-entropy give the ones and
            `softmax_cross_entropy_delta` as dL_da.
        dL_da: ∂L/∂a_L, one row a sample.

    Example:
        >>> W, x = torch.tensor([[3.0]]), torch.tensor([[2.0]])
        >>> done = mlp_forward(x, [W], [torch.zeros(1)], [lambda z: z])
        >>> mlp_backward(done, [W], [torch.ones_like], torch.ones(1, 1)).weights
        (tensor([[2.]]),)

    References:
        Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors, eq. 4–7.
        Nielsen (2015), Neural networks and deep learning, eq. BP1–BP4.
    """
    delta = output_delta(dL_da, df[-1](done.z[-1]))
    deltas = [delta]
    for W_next, df_l, z in zip(weights[:0:-1], df[-2::-1], done.z[-2::-1], strict=True):
        delta = hidden_delta(W_next, delta, df_l(z))
        deltas.insert(0, delta)
    return Gradients(
        tuple(weight_gradient(d, a) for d, a in zip(deltas, done.a[:-1], strict=True)),
        tuple(bias_gradient(d) for d in deltas),
        tuple(deltas),
        delta @ weights[0],
    )


def output_delta(dL_da: Rows, df: Rows) -> Rows:
    """Carry the loss's gradient through the last activation, which must be elementwise.

        δ_L = ∂L/∂a_L ⊙ f'(z_L)

    Textbook: C28.

    Args:
        dL_da: ∂L/∂a_L.
        df: f'(z_L).

    Example:
        >>> output_delta(torch.tensor([[2.0]]), torch.tensor([[0.25]]))
        tensor([[0.5000]])

    Reference: Nielsen (2015), Neural networks and deep learning, eq. BP1.
    """
    return dL_da * df


def hidden_delta(
    W_next: Float[Tensor, "next width"], delta_next: Float[Tensor, "batch next"], df: Rows
) -> Float[Tensor, "batch width"]:
    """Carry the error of a layer back to the one before it.

        δ_l = (W_{l+1}ᵀ δ_{l+1}) ⊙ f'(z_l)

    Textbook: C29.

    Args:
        W_next: W_{l+1}.
        delta_next: δ_{l+1}.
        df: f'(z_l).

    Example:
        >>> hidden_delta(torch.tensor([[3.0]]), torch.tensor([[2.0]]), torch.tensor([[0.5]]))
        tensor([[3.]])

    Reference: Nielsen (2015), Neural networks and deep learning, eq. BP2.
    """
    return (delta_next @ W_next) * df


def weight_gradient(
    delta: Float[Tensor, "batch out"], a_previous: Float[Tensor, "batch inputs"]
) -> Float[Tensor, "out inputs"]:
    """Sum over the batch what each sample says of the weights.

        ∂L/∂W_l = Σ_samples δ_l a_{l−1}ᵀ

    Textbook: C30 (which gives it for one sample).

    Args:
        delta: δ_l.
        a_previous: a_{l−1}.

    Example:
        >>> weight_gradient(torch.tensor([[2.0], [1.0]]), torch.tensor([[3.0], [4.0]]))
        tensor([[10.]])

    Reference: Nielsen (2015), Neural networks and deep learning, eq. BP4.
    """
    return delta.T @ a_previous


def bias_gradient(delta: Float[Tensor, "batch out"]) -> Float[Tensor, " out"]:
    """Sum over the batch what each sample says of the bias.

        ∂L/∂b_l = Σ_samples δ_l

    Textbook: C31 (which gives it for one sample).

    Args:
        delta: δ_l.

    Example:
        >>> bias_gradient(torch.tensor([[2.0], [1.0]]))
        tensor([3.])

    Reference: Nielsen (2015), Neural networks and deep learning, eq. BP3.
    """
    return delta.sum(0)


def softmax_cross_entropy_delta(
    logits: Float[Tensor, "batch classes"], targets: Float[Tensor, "batch classes"]
) -> Float[Tensor, "batch classes"]:
    """Return δ_L for softmax with cross-entropy, where the activation is not elementwise.

        δ_L = p − y,   p = softmax(z_L)

    Textbook: C28 (its note).

    Args:
        logits: z_L.
        targets: y, a distribution over the classes in each row.

    Example:
        >>> softmax_cross_entropy_delta(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
        tensor([[-0.5000,  0.5000]])

    Reference: Bishop (2006), Pattern recognition and machine learning, eq. 4.109.
    """
    return torch.softmax(logits, -1) - targets


def squared_error_gradient(
    x: Float[Tensor, " inputs"], y: Float[Tensor, " out"], a: Float[Tensor, " out"], df: Float[Tensor, " out"]
) -> Float[Tensor, "out inputs"]:
    """Differentiate the square of one layer's error.

        L = ‖σ(W x + b) − y‖²,   ∂L/∂W = [2 (a − y) ⊙ σ'(z)] xᵀ

    Textbook: A49.

    Args:
        x: Input.
        y: Target.
        a: σ(z), the output.
        df: σ'(z).

    Example:
        >>> squared_error_gradient(torch.ones(1), torch.zeros(1), torch.ones(1), torch.ones(1))
        tensor([[2.]])
    """
    return torch.outer(2 * (a - y) * df, x)
