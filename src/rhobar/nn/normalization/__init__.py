"""Normalisation: batch, layer, group, instance and RMS by their equations, and which biases they make redundant."""

from rhobar.nn.normalization.batch import (
    BatchStatistics,
    batch_norm,
    batch_norm_inference,
    batch_statistics,
    updated_running,
)
from rhobar.nn.normalization.group import group_norm
from rhobar.nn.normalization.layer import layer_norm
from rhobar.nn.normalization.normalization import Normalization
from rhobar.nn.normalization.redundant import RedundantBias, redundant_biases
from rhobar.nn.normalization.rms import rms_norm
from rhobar.nn.normalization.table import NORMALIZATIONS

__all__ = [
    "NORMALIZATIONS",
    "BatchStatistics",
    "Normalization",
    "RedundantBias",
    "batch_norm",
    "batch_norm_inference",
    "batch_statistics",
    "group_norm",
    "layer_norm",
    "redundant_biases",
    "rms_norm",
    "updated_running",
]
