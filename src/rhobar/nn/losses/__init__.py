"""Losses: one formula each beside its production version, the likelihood it stands for, and the units of entropy."""

from rhobar.nn.losses.absolute_error import mae, mae_formula, mae_log_likelihood
from rhobar.nn.losses.adversarial import (
    gan_discriminator,
    gan_discriminator_formula,
    gan_discriminator_log_likelihood,
    gan_generator_minimax,
    gan_generator_minimax_formula,
    gan_generator_non_saturating,
    gan_generator_non_saturating_formula,
)
from rhobar.nn.losses.bernoulli import binary_cross_entropy, binary_cross_entropy_formula, binary_log_likelihood
from rhobar.nn.losses.categorical import (
    categorical_cross_entropy,
    categorical_cross_entropy_formula,
    categorical_log_likelihood,
    label_smoothing,
    label_smoothing_formula,
    label_smoothing_log_likelihood,
    smoothed,
    sparse_categorical_cross_entropy,
    sparse_categorical_cross_entropy_formula,
    sparse_categorical_log_likelihood,
)
from rhobar.nn.losses.contrastive import nt_xent, nt_xent_formula, nt_xent_log_likelihood
from rhobar.nn.losses.elbo import gaussian_kl, negative_elbo, negative_elbo_formula
from rhobar.nn.losses.entropy import (
    cross_entropy,
    entropy,
    kl_divergence,
    kl_loss,
    kl_loss_formula,
    kl_loss_log_likelihood,
    nats_per,
)
from rhobar.nn.losses.hinge import hinge, hinge_formula, perceptron_loss, perceptron_loss_formula
from rhobar.nn.losses.huber import huber, huber_formula, huber_log_likelihood, huber_log_normalizer
from rhobar.nn.losses.loss import Loss
from rhobar.nn.losses.masked_language import (
    hide_tokens,
    masked_language,
    masked_language_formula,
    masked_language_log_likelihood,
)
from rhobar.nn.losses.squared_error import (
    gaussian_nll,
    gaussian_nll_formula,
    gaussian_nll_log_likelihood,
    mse,
    mse_formula,
    mse_log_likelihood,
)
from rhobar.nn.losses.table import LOSSES

__all__ = [
    "LOSSES",
    "Loss",
    "binary_cross_entropy",
    "binary_cross_entropy_formula",
    "binary_log_likelihood",
    "categorical_cross_entropy",
    "categorical_cross_entropy_formula",
    "categorical_log_likelihood",
    "cross_entropy",
    "entropy",
    "gan_discriminator",
    "gan_discriminator_formula",
    "gan_discriminator_log_likelihood",
    "gan_generator_minimax",
    "gan_generator_minimax_formula",
    "gan_generator_non_saturating",
    "gan_generator_non_saturating_formula",
    "gaussian_kl",
    "gaussian_nll",
    "gaussian_nll_formula",
    "gaussian_nll_log_likelihood",
    "hide_tokens",
    "hinge",
    "hinge_formula",
    "huber",
    "huber_formula",
    "huber_log_likelihood",
    "huber_log_normalizer",
    "kl_divergence",
    "kl_loss",
    "kl_loss_formula",
    "kl_loss_log_likelihood",
    "label_smoothing",
    "label_smoothing_formula",
    "label_smoothing_log_likelihood",
    "mae",
    "mae_formula",
    "mae_log_likelihood",
    "masked_language",
    "masked_language_formula",
    "masked_language_log_likelihood",
    "mse",
    "mse_formula",
    "mse_log_likelihood",
    "nats_per",
    "negative_elbo",
    "negative_elbo_formula",
    "nt_xent",
    "nt_xent_formula",
    "nt_xent_log_likelihood",
    "perceptron_loss",
    "perceptron_loss_formula",
    "smoothed",
    "sparse_categorical_cross_entropy",
    "sparse_categorical_cross_entropy_formula",
    "sparse_categorical_log_likelihood",
]
