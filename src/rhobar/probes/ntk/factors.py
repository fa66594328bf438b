"""The Jacobian of every sample's outputs by one parameter, in factors: J_ia = Σ_t δ_iat k_itᵀ.

δ depends on the output a, the keys k do not: the inputs of a linear map, the patches of a convolution, the indices of
an embedding. Two such Jacobians have inner products that need neither of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rhobar.probes.noise.contributions import MAX_ELEMENTS

__all__ = ["Factor", "Full", "Indices", "Places", "Vectors"]


@dataclass(frozen=True)
class Vectors:
    """Keys k_it in ℝ^q.

    Attributes:
        of: Returns (m, t, q) for a slice of the samples.
        size: q.
    """

    of: Callable[[slice], Tensor]
    size: int


@dataclass(frozen=True)
class Indices:
    """Keys that are unit vectors of ℝ^q, by their index.

    Attributes:
        of: Which unit vector.
        size: q.
    """

    of: Int[Tensor, "n t"]
    size: int


@dataclass(frozen=True)
class Full:
    """J_ia as it is, flattened.

    Attributes:
        J: One row an output.
    """

    J: Float[Tensor, "n outputs size"]

    def traced(self) -> "Full":
        """Return the rows of all outputs of a sample as one, so that inner products are summed over outputs."""
        return Full(self.J.flatten(1).unsqueeze(1))

    def full(self) -> Float[Tensor, "n outputs size"]:
        """Return J."""
        return self.J


@dataclass(frozen=True)
class Places:
    """J_ia = Σ_t δ_iat k_itᵀ, or its transpose.

    Attributes:
        delta: δ.
        keys: k.
        flipped: Whether the parameter is q × p.
    """

    delta: Float[Tensor, "n outputs p t"]
    keys: Vectors | Indices
    flipped: bool = False

    def traced(self) -> "Places":
        """Return δ of all outputs as that of one, so that inner products are summed over outputs."""
        return Places(self.delta.flatten(1, 2).unsqueeze(1), self.keys, self.flipped)

    def full(self) -> Float[Tensor, "n outputs size"]:
        """Return J, by chunks of samples."""
        n, outputs, p, t = self.delta.shape
        q = self.keys.size
        J = self.delta.new_empty(n, outputs, p * q)
        step = max(1, MAX_ELEMENTS // (t * max(q, outputs * p)))
        for chunk in (slice(i, min(i + step, n)) for i in range(0, n, step)):
            D = self.delta[chunk].flatten(1, 2)
            if isinstance(self.keys, Vectors):
                part = torch.bmm(D, self.keys.of(chunk))
            else:
                at = self.keys.of[chunk].unsqueeze(1).expand_as(D)
                part = torch.zeros(len(D), outputs * p, q, dtype=D.dtype, device=D.device).scatter_add_(2, at, D)
            part = part.unflatten(1, (outputs, p))
            J[chunk] = (part.mT if self.flipped else part).flatten(2)
        return J

    def summed(self) -> Full:
        """Return Σ_t δ_iat, the Jacobian by the bias of the same map."""
        return Full(self.delta.sum(3).flatten(2))

    def held(self) -> "Places":
        """Return the same with its keys made once for all."""
        if not isinstance(self.keys, Vectors):
            return self
        k = self.keys.of(slice(0, len(self.delta)))
        return Places(self.delta, Vectors(lambda chosen: k[chosen], self.keys.size), self.flipped)

    def similarities(self, other: "Places", j: int, stop: int) -> Float[Tensor, "stop t2 t1"]:
        """Return k_jsᵀ k_it for the key s of the other's sample j and all keys of the first samples of this one.

        Raises:
            TypeError: If the keys are of different kinds.
        """
        if isinstance(self.keys, Indices) and isinstance(other.keys, Indices):
            same = other.keys.of[j][None, :, None] == self.keys.of[:stop, None, :]
            return same.to(self.delta.dtype)
        if isinstance(self.keys, Vectors) and isinstance(other.keys, Vectors):
            theirs = other.keys.of(slice(j, j + 1)).expand(stop, -1, -1)
            return torch.bmm(theirs, self.keys.of(slice(0, stop)).mT)
        raise TypeError("Keys must both be vectors or both indices; compare the full Jacobians instead.")


Factor = Full | Places
