"""The table of losses. A new member is one row here; every law of tests/nn/losses then holds it."""

import torch
from torch import Tensor
from torch.nn import functional as F

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
    sparse_categorical_cross_entropy,
    sparse_categorical_cross_entropy_formula,
    sparse_categorical_log_likelihood,
)
from rhobar.nn.losses.contrastive import nt_xent, nt_xent_formula, nt_xent_log_likelihood
from rhobar.nn.losses.elbo import negative_elbo, negative_elbo_formula
from rhobar.nn.losses.entropy import kl_loss, kl_loss_formula, kl_loss_log_likelihood
from rhobar.nn.losses.hinge import hinge, hinge_formula, perceptron_loss, perceptron_loss_formula
from rhobar.nn.losses.huber import huber, huber_formula, huber_log_likelihood
from rhobar.nn.losses.loss import Loss
from rhobar.nn.losses.masked_language import (
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

__all__ = ["LOSSES"]

_CLASSES = 5


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _labels(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randint(_CLASSES, shape, generator=generator)


def _regression(generator: torch.Generator) -> tuple[Tensor, ...]:
    return 2 * _normal(generator, 4, 3), _normal(generator, 4, 3)


def _regression_with_variance(generator: torch.Generator) -> tuple[Tensor, ...]:
    return _normal(generator, 4, 3), 0.1 + _normal(generator, 4, 3).square(), _normal(generator, 4, 3)


def _binary(generator: torch.Generator) -> tuple[Tensor, ...]:
    return 2 * _normal(generator, 4, 3), (_normal(generator, 4, 3) > 0).double()


def _signs(generator: torch.Generator) -> tuple[Tensor, ...]:
    return 2 * _normal(generator, 12), _normal(generator, 12).sign()


def _one_hot(generator: torch.Generator) -> tuple[Tensor, ...]:
    return _normal(generator, 6, _CLASSES), F.one_hot(_labels(generator, 6), _CLASSES).double()


def _soft(generator: torch.Generator) -> tuple[Tensor, ...]:
    return _normal(generator, 6, _CLASSES), torch.softmax(_normal(generator, 6, _CLASSES), -1)


def _indices(generator: torch.Generator) -> tuple[Tensor, ...]:
    return _normal(generator, 3, 2, _CLASSES), _labels(generator, 3, 2)


def _views(generator: torch.Generator) -> tuple[Tensor, ...]:
    return _normal(generator, 4, 3), _normal(generator, 4, 3)


def _tokens(generator: torch.Generator) -> tuple[Tensor, ...]:
    mask = torch.arange(8).reshape(2, 4) % 3 == 0
    return _normal(generator, 2, 4, _CLASSES), _labels(generator, 2, 4), mask


def _autoencoder(generator: torch.Generator) -> tuple[Tensor, ...]:
    outputs, mean, log_variance = _normal(generator, 3, 4), _normal(generator, 3, 2), _normal(generator, 3, 2)
    return outputs, mean, log_variance, torch.rand(3, 4, generator=generator, dtype=torch.float64)


def _real_and_fake(generator: torch.Generator) -> tuple[Tensor, ...]:
    return _normal(generator, 4), _normal(generator, 6)


def _fake(generator: torch.Generator) -> tuple[Tensor, ...]:
    return (_normal(generator, 6),)


_ROWS = (
    Loss(
        name="mse",
        equation="mean (y − f)²",
        formula=mse_formula,
        production=mse,
        likelihood="Gaussian of fixed variance",
        log_likelihood=mse_log_likelihood,
        example=_regression,
        summary="Regression; predicts the mean, and outliers pull with their whole distance.",
        reference="Gauss 1809",
        textbook="A33, A34, A42, B8, B13, C17, C18",
        takes_logits=False,
    ),
    Loss(
        name="gaussian_nll",
        equation="mean (y − f)² / 2σ² + ½ ln 2πσ²",
        formula=gaussian_nll_formula,
        production=gaussian_nll,
        likelihood="Gaussian of predicted variance",
        log_likelihood=gaussian_nll_log_likelihood,
        example=_regression_with_variance,
        num_predictions=2,
        summary="Regression that says how sure it is.",
        reference="Nix and Weigend 1994",
        textbook="A42",
        takes_logits=False,
    ),
    Loss(
        name="mae",
        equation="mean |y − f|",
        formula=mae_formula,
        production=mae,
        likelihood="Laplace of fixed scale",
        log_likelihood=mae_log_likelihood,
        example=_regression,
        summary="Regression; predicts the median, and outliers pull no more than others.",
        reference="Laplace 1774",
        textbook="A35, C19",
        takes_logits=False,
    ),
    Loss(
        name="huber",
        equation="mean ½ r² if |r| ≤ δ else δ |r| − ½ δ²",
        formula=huber_formula,
        production=huber,
        likelihood="Gaussian with Laplace tails",
        log_likelihood=huber_log_likelihood,
        example=_regression,
        summary="Squared near zero, absolute beyond δ: smooth, and robust to outliers.",
        reference="Huber 1964",
        textbook="C20",
        takes_logits=False,
    ),
    Loss(
        name="binary_cross_entropy",
        equation="−y ln σ(z) − (1 − y) ln(1 − σ(z))",
        formula=binary_cross_entropy_formula,
        production=binary_cross_entropy,
        likelihood="Bernoulli",
        log_likelihood=binary_log_likelihood,
        example=_binary,
        summary="Yes or no, from raw scores; also many independent labels at once.",
        reference="Cox 1958",
        textbook="A36, A37, A43, C21",
    ),
    Loss(
        name="categorical_cross_entropy",
        equation="−Σ y_k ln softmax(z)_k",
        formula=categorical_cross_entropy_formula,
        production=categorical_cross_entropy,
        likelihood="categorical",
        log_likelihood=categorical_log_likelihood,
        example=_one_hot,
        summary="One of several classes, from raw scores and one-hot or soft targets.",
        reference="Bridle 1990",
        textbook="A38, A43, B9, C22",
    ),
    Loss(
        name="sparse_categorical_cross_entropy",
        equation="−ln softmax(z)_y",
        formula=sparse_categorical_cross_entropy_formula,
        production=sparse_categorical_cross_entropy,
        likelihood="categorical",
        log_likelihood=sparse_categorical_log_likelihood,
        example=_indices,
        summary="One of several classes, from raw scores and class indices.",
        reference="Bridle 1990",
        textbook="C24",
    ),
    Loss(
        name="label_smoothing",
        equation="−Σ q_k ln softmax(z)_k, q = (1 − ε) one-hot(y) + ε/K",
        formula=label_smoothing_formula,
        production=label_smoothing,
        likelihood="categorical with noisy labels",
        log_likelihood=label_smoothing_log_likelihood,
        example=_indices,
        summary="Cross-entropy that never asks for certainty.",
        reference="Szegedy et al. 2016",
        textbook="A92",
    ),
    Loss(
        name="kl",
        equation="Σ y_k ln(y_k / softmax(z)_k)",
        formula=kl_loss_formula,
        production=kl_loss,
        likelihood="categorical, expected under y",
        log_likelihood=kl_loss_log_likelihood,
        example=_soft,
        summary="How far softmax(z) is from a target distribution; the loss of distillation.",
        reference="Kullback and Leibler 1951",
        textbook="A40, A41, A45, A46, B11",
    ),
    Loss(
        name="hinge",
        equation="max(0, 1 − y f)",
        formula=hinge_formula,
        production=hinge,
        likelihood="none: e^(−loss) does not sum to a constant over y",
        log_likelihood=None,
        example=_signs,
        summary="Labels ±1 with a margin of 1: the support vector machine's.",
        reference="Cortes and Vapnik 1995",
        textbook="A39",
    ),
    Loss(
        name="perceptron",
        equation="max(0, −y f)",
        formula=perceptron_loss_formula,
        production=perceptron_loss,
        likelihood="none: e^(−loss) does not sum to a constant over y",
        log_likelihood=None,
        example=_signs,
        summary="Labels ±1 without a margin; one sample a step gives the perceptron's rule.",
        reference="Rosenblatt 1958",
        textbook="A6",
    ),
    Loss(
        name="nt_xent",
        equation="−ln [e^(sim(z_i, z_j)/τ) / Σ_(k≠i) e^(sim(z_i, z_k)/τ)]",
        formula=nt_xent_formula,
        production=nt_xent,
        likelihood="categorical over the 2N − 1 other views",
        log_likelihood=nt_xent_log_likelihood,
        example=_views,
        num_predictions=2,
        summary="Contrastive: find the other view of the same sample.",
        reference="Chen et al. 2020",
        textbook="C85, C-§8.2",
    ),
    Loss(
        name="masked_language",
        equation="mean over masked i of −ln P(x_i | the rest)",
        formula=masked_language_formula,
        production=masked_language,
        likelihood="categorical for each masked token",
        log_likelihood=masked_language_log_likelihood,
        example=_tokens,
        summary="Restore hidden tokens; the visible ones cost nothing.",
        reference="Devlin et al. 2019",
        textbook="C86",
    ),
    Loss(
        name="negative_elbo",
        equation="−E_q[ln p(x|z)] + D(q(z|x)‖N(0, 1))",
        formula=negative_elbo_formula,
        production=negative_elbo,
        likelihood="none of x itself: an upper bound of −ln p(x)",
        log_likelihood=None,
        example=_autoencoder,
        num_predictions=3,
        summary="Variational autoencoder: reconstruct, and keep the code near its prior.",
        reference="Kingma and Welling 2014",
        textbook="A46, C87",
    ),
    Loss(
        name="gan_discriminator",
        equation="−E ln D(x) − E ln(1 − D(G(z)))",
        formula=gan_discriminator_formula,
        production=gan_discriminator,
        likelihood="Bernoulli: real or fake",
        log_likelihood=gan_discriminator_log_likelihood,
        example=_real_and_fake,
        num_predictions=2,
        summary="Tell data from samples; at best 2 JS(p‖q) below ln 4.",
        reference="Goodfellow et al. 2014",
        textbook="C88",
    ),
    Loss(
        name="gan_generator_minimax",
        equation="E ln(1 − D(G(z)))",
        formula=gan_generator_minimax_formula,
        production=gan_generator_minimax,
        likelihood="none: it is the negative of the other player's",
        log_likelihood=None,
        example=_fake,
        summary="The generator of the game as printed; its gradient dies when D wins.",
        reference="Goodfellow et al. 2014",
        textbook="C88",
    ),
    Loss(
        name="gan_generator_non_saturating",
        equation="−E ln D(G(z))",
        formula=gan_generator_non_saturating_formula,
        production=gan_generator_non_saturating,
        likelihood="none: the samples are no observations",
        log_likelihood=None,
        example=_fake,
        summary="The generator of practice: the same goal, a gradient that stays.",
        reference="Goodfellow et al. 2014",
        textbook="C88",
    ),
)

LOSSES: dict[str, Loss] = {row.name: row for row in _ROWS}
"""Every loss by its name."""
