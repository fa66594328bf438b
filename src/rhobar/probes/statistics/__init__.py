"""What the signals and gradients of every layer look like: moments, extremes, zeros, saturated and dead units."""

from rhobar.probes.statistics.accumulator import Accumulator, TensorStatistics
from rhobar.probes.statistics.layers import LayerStatistics, layer_statistics

__all__ = ["Accumulator", "LayerStatistics", "TensorStatistics", "layer_statistics"]
