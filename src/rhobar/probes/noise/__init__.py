"""How much the gradient differs from sample to sample and from batch to batch."""

from rhobar.probes.noise.cosines import BatchCosines, batch_cosines
from rhobar.probes.noise.norms import GradientNorms, gradient_norms
from rhobar.probes.noise.scale import GradientNoise, gradient_noise

__all__ = [
    "BatchCosines",
    "GradientNoise",
    "GradientNorms",
    "batch_cosines",
    "gradient_noise",
    "gradient_norms",
]
