"""How far answers can be trusted: calibration, doubt, attacks, membership, groups, attribution, shift of the data."""

from rhobar.probes.uncertainty.attacks import AttackedAccuracy, adversarial_accuracy
from rhobar.probes.uncertainty.attribution import Attribution, integrated_gradients, saliency
from rhobar.probes.uncertainty.calibration import Calibration, Reliability, calibration
from rhobar.probes.uncertainty.fairness import FairnessGaps, fairness_gaps
from rhobar.probes.uncertainty.laplace import LaplacePosterior, diagonal_laplace, last_layer_laplace
from rhobar.probes.uncertainty.membership import MembershipGap, membership_gap
from rhobar.probes.uncertainty.predictions import predicted_logits
from rhobar.probes.uncertainty.predictive import Predictive, deep_ensemble, mc_dropout, predictive
from rhobar.probes.uncertainty.temperature import Temperature, fit_temperature
from rhobar.probes.uncertainty.transport import TransportDistance, sliced_distance, transport_distance

__all__ = [
    "AttackedAccuracy",
    "Attribution",
    "Calibration",
    "FairnessGaps",
    "LaplacePosterior",
    "MembershipGap",
    "Predictive",
    "Reliability",
    "Temperature",
    "TransportDistance",
    "adversarial_accuracy",
    "calibration",
    "deep_ensemble",
    "diagonal_laplace",
    "fairness_gaps",
    "fit_temperature",
    "integrated_gradients",
    "last_layer_laplace",
    "mc_dropout",
    "membership_gap",
    "predicted_logits",
    "predictive",
    "saliency",
    "sliced_distance",
    "transport_distance",
]
