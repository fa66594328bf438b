"""The table of normalisations. A new member is one row here; every law of tests/nn/normalization then holds it."""

from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.nn.normalization.batch import batch_norm
from rhobar.nn.normalization.group import group_norm
from rhobar.nn.normalization.layer import layer_norm
from rhobar.nn.normalization.normalization import Normalization
from rhobar.nn.normalization.rms import rms_norm

__all__ = ["NORMALIZATIONS"]

_EPS, _RMS_EPS = 1e-5, 1e-6
_GROUPS = 2


def _last(x: Tensor) -> list[int]:
    return [x.shape[-1]]


_ROWS = (
    Normalization(
        name="batch",
        equation="γ (x − μ_B) / √(σ_B² + ε) + β",
        formula=batch_norm,
        production=lambda x: F.batch_norm(x, None, None, training=True, eps=_EPS),
        module=nn.BatchNorm1d,
        over="batch and positions, each channel",
        centres=True,
        uses_batch=True,
        summary="Convolutional nets with large batches; other statistics in evaluation.",
        reference="Ioffe and Szegedy 2015",
        textbook="A75, A76, A77, A78, A81, B34, C73, C74, C-§7.3.1",
    ),
    Normalization(
        name="layer",
        equation="γ (x − mean x) / √(var x + ε) + β",
        formula=layer_norm,
        production=lambda x: F.layer_norm(x, _last(x), eps=_EPS),
        module=nn.LayerNorm,
        over="features, each sample and position",
        centres=True,
        uses_batch=False,
        summary="Transformers and recurrent nets; the same in training and evaluation.",
        reference="Ba et al. 2016",
        textbook="A78, A79, C78",
    ),
    Normalization(
        name="group",
        equation="γ (x − μ_G) / √(σ_G² + ε) + β",
        formula=lambda x: group_norm(x, _GROUPS),
        production=lambda x: F.group_norm(x, _GROUPS, eps=_EPS),
        module=lambda channels: nn.GroupNorm(_GROUPS, channels),
        over="groups of channels and positions, each sample",
        centres=True,
        uses_batch=False,
        summary="Convolutional nets with small batches.",
        reference="Wu and He 2018",
        textbook="C-§7.3.3",
    ),
    Normalization(
        name="instance",
        equation="γ (x − μ_C) / √(σ_C² + ε) + β",
        formula=lambda x: group_norm(x, x.shape[1]),
        production=lambda x: F.instance_norm(x, eps=_EPS),
        module=lambda channels: nn.InstanceNorm1d(channels, affine=True),
        over="positions, each sample and channel",
        centres=True,
        uses_batch=False,
        summary="Image stylisation: removes the contrast of every channel.",
        reference="Ulyanov et al. 2016",
        textbook="C-§7.3.3",
    ),
    Normalization(
        name="rms",
        equation="γ x / √(mean x² + ε)",
        formula=rms_norm,
        production=lambda x: F.rms_norm(x, _last(x), eps=_RMS_EPS),
        module=lambda features: nn.RMSNorm(features, eps=_RMS_EPS),
        over="features, each sample and position",
        centres=False,
        uses_batch=False,
        summary="LLaMA, Mistral, Gemma: layer norm without mean and shift.",
        reference="Zhang and Sennrich 2019",
        textbook="A78, A80",
    ),
)

NORMALIZATIONS: dict[str, Normalization] = {row.name: row for row in _ROWS}
"""Every normalisation by its name."""
