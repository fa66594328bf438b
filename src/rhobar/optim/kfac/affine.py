"""Linear layers and convolutions: F ≈ A ⊗ G.

A layer s = W ā with ā = (a, 1) has the per-sample gradient δ āᵀ. Over R rows (samples; for a convolution also
positions, for a sequence also its places) and n predictions that the mean loss averages,

    A = (1/R) Σ ā āᵀ,   G = (1/n) Σ δ δᵀ,   (A ⊗ G + λI)⁻¹ vec V = vec Q_G [ (Q_Gᵀ V Q_A) ⊘ (g aᵀ + λ) ] Q_Aᵀ

with the eigenpairs (a, Q_A) and (g, Q_G). The block is exact for one row, and in deep linear networks, where δ does
not depend on a. Damping by the eigenvalues is exact, too.

References:
    Martens and Grosse (2015), Optimizing neural networks with Kronecker-factored approximate curvature, eq. 5.
    Grosse and Martens (2016), A Kronecker-factored approximate Fisher matrix for convolution layers, eq. 23–25.
Textbook: B25
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rhobar.linalg.kronecker import KroneckerSums
from rhobar.optim.kfac.block import Block, Factors, Seen

__all__ = ["ConvBlock", "LinearBlock"]

# Products of eigenvalues below this share of the damping count as zero: the step changes by no more than that share,
# and layers whose inputs lie near a plane, as most do, cost less.
_NEGLIGIBLE = 1e-3


class _Affine(Block):
    """What both share once inputs and gradients are rows of matrices."""

    def rows(self, call: Seen) -> tuple[Tensor, Tensor]:
        """Return a as (samples, inputs, places) and δ as (samples, outputs, places); one sample may hold all rows."""
        raise NotImplementedError

    def factors(self, calls: list[Seen], num_predictions: int) -> Factors:
        """A = mean of ā āᵀ over rows, G = Σ δ δᵀ / n."""
        rows = [self.rows(call) for call in calls]
        n = rows[0][0].shape[1] if self.weight is not None else 0
        sums = KroneckerSums(n, rows[0][1].shape[1], self.bias is not None, rows[0][0])
        for a, delta in rows:
            sums.add_inputs(a[:, :n])
            sums.add_gradients(delta)
        A, G = sums.mean(num_predictions)
        return {"A": A, "G": G}

    def invert(self, factors: Factors) -> Factors:
        """Diagonalise both factors."""
        a, Q_A = torch.linalg.eigh(factors["A"])
        g, Q_G = torch.linalg.eigh(factors["G"])
        return {"a": a.clamp(min=0), "Q_A": Q_A, "g": g.clamp(min=0), "Q_G": Q_G}

    def precondition(self, inverse: Factors, grads: list[Tensor], damping: float) -> list[Tensor]:
        """Divide by the damped eigenvalues in the eigenbases, or by λ alone where they are negligible beside it."""
        V = torch.cat([g.reshape(len(g), -1) for g in grads], 1)
        a, g = inverse["a"], inverse["g"]  # ascending
        rank_A, rank_G = (int((x * y[-1] > _NEGLIGIBLE * damping).sum()) for x, y in ((a, g), (g, a)))
        Q_A, Q_G = inverse["Q_A"][:, -rank_A:], inverse["Q_G"][:, -rank_G:]
        curvature = g[-rank_G:, None] * a[-rank_A:]
        if rank_A < V.shape[1] or rank_G < V.shape[0]:
            D = V / damping + Q_G @ (Q_G.T @ V @ Q_A * (1 / (curvature + damping) - 1 / damping)) @ Q_A.T
        else:
            D = Q_G @ (Q_G.T @ V @ Q_A / (curvature + damping)) @ Q_A.T
        parts = D.split([g[0].numel() for g in grads], 1)
        return [part.reshape(g.shape) for part, g in zip(parts, grads, strict=True)]


class LinearBlock(_Affine):
    """`nn.Linear` on inputs (batch, …, in_features); all leading axes are rows."""

    @staticmethod
    def refusal(module: nn.Module) -> str | None:
        """Every linear layer can be approximated."""
        return None

    def rows(self, call: Seen) -> tuple[Tensor, Tensor]:
        """Take all leading axes for places."""
        a, delta = call.x.reshape(-1, call.x.shape[-1]), call.delta.reshape(-1, call.delta.shape[-1])
        return a.T[None], delta.T[None]


class ConvBlock(_Affine):
    """`nn.Conv1d` and `nn.Conv2d`; each patch under the kernel is a row."""

    @staticmethod
    def refusal(module: nn.Module) -> str | None:
        """Refuse groups, and padding with anything but zeros."""
        if module.groups != 1:
            return f"groups={module.groups}: its channels do not share one input factor"
        if module.padding_mode != "zeros":
            return f"padding_mode={module.padding_mode!r}"
        return None

    def rows(self, call: Seen) -> tuple[Tensor, Tensor]:
        """Cut out the patches, channels first as in the weight."""
        conv, x = self.module, call.x
        assert isinstance(conv, nn.Conv1d | nn.Conv2d)
        extra = 2 - len(conv.kernel_size)  # Conv1d: a height of one
        if x.ndim == len(conv.kernel_size) + 1:
            x = x[None]
        kernel, stride = (1,) * extra + conv.kernel_size, (1,) * extra + conv.stride
        dilation = (1,) * extra + conv.dilation
        before_after = list(conv._reversed_padding_repeated_twice) + [0, 0] * extra
        x = F.pad(x.reshape(*x.shape[:2], *(1,) * extra, *x.shape[2:]), before_after)
        patches = F.unfold(x, kernel, dilation=dilation, stride=stride)  # (N, C·K, positions)
        return patches, call.delta.reshape(len(x), conv.out_channels, -1)
