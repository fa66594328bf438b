"""Scaling laws, with intervals."""

from rhobar.theory.scaling.power_law import Interval, ScalingLaw, compute_optimal, extrapolated_loss, fit_scaling_law
from rhobar.theory.scaling.quantiles import normal_quantile, student_quantile

__all__ = [
    "Interval",
    "ScalingLaw",
    "compute_optimal",
    "extrapolated_loss",
    "fit_scaling_law",
    "normal_quantile",
    "student_quantile",
]
