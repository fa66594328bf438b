"""Positions: what tells attention, which is blind to order, where a token stands.

Without them a self-attention layer commutes with every permutation of its tokens.

Textbook: C-§6.4.3.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["Learned", "Rotary", "Sinusoidal", "rotary_matrix", "sinusoidal"]

Tokens = Float[Tensor, "batch length dim"]


def sinusoidal(length: int, dim: int, *, base: float = 10_000.0) -> Float[Tensor, "length dim"]:
    """Write each position as the angles of dim/2 clocks of different speed (float64).

        PE[t, 2i] = sin(t ω_i),   PE[t, 2i + 1] = cos(t ω_i),   ω_i = base^(−2i/dim)

    PE[t + k] is a rotation of PE[t] that depends on k only, and ‖PE[t]‖² = dim/2.

    Textbook: C-§6.4.3.

    Args:
        length: Positions t = 0, …, length − 1.
        dim: Even; an odd one is refused with a `ValueError`.
        base: 2π · base is the longest period, in positions.

    Example:
        >>> sinusoidal(2, 2)
        tensor([[0.0000, 1.0000],
                [0.8415, 0.5403]], dtype=torch.float64)

    Reference: Vaswani et al. (2017), Attention is all you need, section 3.5.
    """
    cos, sin = _turns(length, dim, base)
    return torch.stack([sin, cos], -1).flatten(-2)


def rotary_matrix(position: int, dim: int, *, base: float = 10_000.0) -> Float[Tensor, "dim dim"]:
    """Return the rotation R_t of a query or key at position t, one plane for each pair of features (float64).

        R_t = diag over i of [[cos t ω_i, −sin t ω_i], [sin t ω_i, cos t ω_i]],   ω_i = base^(−2i/dim)

    R_sᵀ R_t = R_{t−s}: the product of a rotated query and a rotated key sees their distance only.
    Pairs are neighbours (2i, 2i + 1), as in the paper; some models pair i with i + dim/2 instead.

    Args:
        position: t.
        dim: Even; an odd one is refused with a `ValueError`.
        base: 2π · base is the longest period, in positions.

    Example:
        >>> torch.equal(rotary_matrix(0, 4), torch.eye(4, dtype=torch.float64))
        True

    Reference: Su et al. (2021), RoFormer, eq. 15.
    """
    angles = position * _frequencies(dim, base)
    cos, sin = angles.cos(), angles.sin()
    R: Tensor = torch.block_diag(*torch.stack([cos, -sin, sin, cos], -1).view(-1, 2, 2))
    return R


def _frequencies(dim: int, base: float) -> Float[Tensor, " half"]:
    if dim % 2:
        raise ValueError(f"dim must be even, since features are taken in pairs, got {dim}.")
    exponents: Tensor = torch.arange(0, dim, 2, dtype=torch.float64) / dim
    return torch.pow(base, -exponents)


def _turns(length: int, dim: int, base: float) -> tuple[Float[Tensor, "length half"], Float[Tensor, "length half"]]:
    angles = torch.arange(length)[:, None] * _frequencies(dim, base)
    return angles.cos(), angles.sin()


class Sinusoidal(nn.Module):
    """Add the sinusoidal code of each position to the tokens; nothing is learned.

    Textbook: C-§6.4.3.

    Args:
        max_length: Of a sequence, in positions.
        dim: Of a token, even.
        base: 2π · base is the longest period, in positions.

    Raises:
        ValueError: If dim is odd; and, from the forward pass, if a sequence is too long.

    Example:
        >>> Sinusoidal(8, 4)(torch.zeros(1, 2, 4))[0, 0]
        tensor([0., 1., 0., 1.])

    Reference: Vaswani et al. (2017), Attention is all you need, section 3.5.
    """

    table: Tensor

    def __init__(self, max_length: int, dim: int, *, base: float = 10_000.0) -> None:
        super().__init__()
        self.base = base
        table = sinusoidal(max_length, dim, base=base).to(torch.get_default_dtype())
        self.register_buffer("table", table, persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Sinusoidal":
        """Compute the table anew after a change of dtype or device, so that it is exact there, also from meta."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.table = sinusoidal(*self.table.shape, base=self.base).to(self.table)
        return self

    def forward(self, tokens: Tokens, *, offset: int = 0) -> Tokens:
        """Return tokens + PE; the first token stands at position `offset`."""
        _check_length(offset + tokens.shape[1], len(self.table))
        return tokens + self.table[offset : offset + tokens.shape[1]].to(tokens.dtype)


class Learned(nn.Module):
    """Add a learned vector for each position to the tokens.

    Args:
        max_length: Of a sequence, in positions.
        dim: Of a token.
        std: Of the normal distribution from which the vectors start.

    Raises:
        ValueError: From the forward pass, if a sequence is too long.

    Example:
        >>> Learned(8, 4)(torch.zeros(1, 2, 4)).shape
        torch.Size([1, 2, 4])

    References:
        Gehring et al. (2017), Convolutional sequence to sequence learning, section 3.1.
        Radford et al. (2018), Improving language understanding by generative pre-training.
    """

    def __init__(self, max_length: int, dim: int, *, std: float = 0.02) -> None:
        super().__init__()
        self.weight = nn.Parameter(std * torch.randn(max_length, dim))

    def forward(self, tokens: Tokens, *, offset: int = 0) -> Tokens:
        """Return tokens + weight; the first token stands at position `offset`."""
        _check_length(offset + tokens.shape[1], len(self.weight))
        return tokens + self.weight[offset : offset + tokens.shape[1]]


class Rotary(nn.Module):
    """Rotate queries and keys by their position, so that their products see relative positions only.

    Args:
        dim: Of a head, even.
        max_length: Of a sequence, in positions.
        base: 2π · base is the longest period, in positions.

    Raises:
        ValueError: If dim is odd; and, from the forward pass, if a sequence is too long.

    Example:
        >>> Rotary(2, max_length=8)(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
        tensor([[1.0000, 0.0000],
                [0.5403, 0.8415]])

    Reference: Su et al. (2021), RoFormer, eq. 34.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, dim: int, *, max_length: int = 2048, base: float = 10_000.0) -> None:
        super().__init__()
        self.base = base
        cos, sin = _turns(max_length, dim, base)
        self.register_buffer("cos", cos.to(torch.get_default_dtype()), persistent=False)
        self.register_buffer("sin", sin.to(torch.get_default_dtype()), persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Rotary":
        """Compute the table anew after a change of dtype or device, so that it is exact there, also from meta."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        length, half = self.cos.shape
        cos, sin = _turns(length, 2 * half, self.base)
        self.cos, self.sin = cos.to(self.cos), sin.to(self.sin)
        return self

    def forward(self, x: Float[Tensor, "*batch length dim"], *, offset: int = 0) -> Float[Tensor, "*batch length dim"]:
        """Return R_t x_t for each position t; the first stands at `offset`."""
        length = x.shape[-2]
        _check_length(offset + length, len(self.cos))
        cos, sin = self.cos[offset : offset + length].to(x.dtype), self.sin[offset : offset + length].to(x.dtype)
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)


def _check_length(length: int, max_length: int) -> None:
    if length > max_length:
        raise ValueError(
            f"A sequence must not be longer than max_length = {max_length} positions, got {length}; "
            "cut it, or make the module with a larger max_length."
        )
