"""Neurons, from the threshold unit to the deep belief network, and what one layer of them can and cannot do."""

from rhobar.nn.neurons.approximation import ridge_bump, step_network, tent, xor_network
from rhobar.nn.neurons.belief_network import BeliefNetwork, LayerTraining, pretrain
from rhobar.nn.neurons.collapse import collapse_linear
from rhobar.nn.neurons.hebb import hebbian_update, oja_update
from rhobar.nn.neurons.mcculloch_pitts import AND, NOT, OR, LogicUnit, mcculloch_pitts
from rhobar.nn.neurons.perceptron import Perceptron, Update, perceptron_updates, threshold_updates
from rhobar.nn.neurons.rbm import RBM, Divergence, contrastive_divergence, log_likelihood
from rhobar.nn.neurons.separability import (
    NovikoffBound,
    Separability,
    distance_to_hyperplane,
    novikoff_bound,
    separability,
)

__all__ = [
    "AND",
    "NOT",
    "OR",
    "RBM",
    "BeliefNetwork",
    "Divergence",
    "LayerTraining",
    "LogicUnit",
    "NovikoffBound",
    "Perceptron",
    "Separability",
    "Update",
    "collapse_linear",
    "contrastive_divergence",
    "distance_to_hyperplane",
    "hebbian_update",
    "log_likelihood",
    "mcculloch_pitts",
    "novikoff_bound",
    "oja_update",
    "perceptron_updates",
    "pretrain",
    "ridge_bump",
    "separability",
    "step_network",
    "tent",
    "threshold_updates",
    "xor_network",
]
