"""Normalisation layers: a 2 × 2 block for each unit's scale and shift, exact up to what couples the units.

With y = γ x̂ + β, a sample's gradients are u = Σ δ x̂ and w = Σ δ over its positions, and the unit's block is

    (1/n) Σ_samples [ u²  uw ; uw  w² ],   damped and inverted in closed form.

Reference: Osawa et al. (2019), Large-scale distributed second-order optimization using K-FAC, section 4.2.
Textbook: B25
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rhobar.optim.kfac.block import Block, Factors, Seen

__all__ = ["NormBlock"]

_BATCH = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class NormBlock(Block):
    """`nn.LayerNorm`, `nn.RMSNorm`, `nn.GroupNorm`, `nn.BatchNorm1d` to `3d`; the first axis holds the samples."""

    @staticmethod
    def refusal(module: nn.Module) -> str | None:
        """Every such layer can be approximated."""
        return None

    def factors(self, calls: list[Seen], num_predictions: int) -> Factors:
        """Second moments of the samples' gradients: u², uw, w²."""
        shape = self.params[0].shape
        u, w = [], []
        for call in calls:
            normalised = _normalised(self.module, call.x)
            u.append(_per_sample(self.module, call.delta * normalised, shape))
            w.append(_per_sample(self.module, call.delta, shape))
        U, W = torch.cat(u), torch.cat(w)
        return {"moments": torch.stack([(U * U).sum(0), (U * W).sum(0), (W * W).sum(0)]) / num_predictions}

    def invert(self, factors: Factors) -> Factors:
        """Nothing to prepare."""
        return {"moments": factors["moments"].clone()}

    def precondition(self, inverse: Factors, grads: list[Tensor], damping: float) -> list[Tensor]:
        """Solve the 2 × 2 systems, or divide where only scale or shift is trained."""
        uu, uw, ww = inverse["moments"].unbind()
        if len(grads) == 1:
            return [grads[0] / ((uu if self.weight is not None else ww) + damping)]
        (gamma, beta), uu, ww = grads, uu + damping, ww + damping
        determinant = uu * ww - uw * uw
        return [(ww * gamma - uw * beta) / determinant, (uu * beta - uw * gamma) / determinant]


def _normalised(module: nn.Module, x: Tensor) -> Tensor:
    """Return x̂, the input as the layer normalises it, before scale and shift."""
    if isinstance(module, nn.LayerNorm):
        return F.layer_norm(x, list(module.normalized_shape), eps=module.eps)
    if isinstance(module, nn.RMSNorm):
        return F.rms_norm(x, list(module.normalized_shape), eps=module.eps)
    if isinstance(module, nn.GroupNorm):
        return F.group_norm(x, module.num_groups, eps=module.eps)
    assert isinstance(module, _BATCH)
    if module.training or module.running_mean is None:
        return F.batch_norm(x, None, None, training=True, eps=module.eps)
    return F.batch_norm(x, module.running_mean, module.running_var, training=False, eps=module.eps)


def _per_sample(module: nn.Module, x: Tensor, shape: torch.Size) -> Tensor:
    """Sum over everything but the samples and the axes of the parameters."""
    if isinstance(module, nn.LayerNorm | nn.RMSNorm):
        leading = x.ndim - len(shape)
        return x.reshape(x.shape[0] if leading else 1, -1, *shape).sum(1)
    return x.reshape(*x.shape[:2], -1).sum(2)
