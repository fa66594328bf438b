"""Statistical learning theory: how far the risk can lie above what was measured on the training samples."""

from rhobar.theory.learning.bias_variance import BiasVariance, Component, bias_variance, ensemble_variance
from rhobar.theory.learning.finite_class import (
    agnostic_samples,
    finite_class_bound,
    finite_class_penalty,
    hoeffding_tail,
    realisable_samples,
)
from rhobar.theory.learning.margin import frobenius_complexity, margin_bound, margins
from rhobar.theory.learning.mistakes import perceptron_mistakes
from rhobar.theory.learning.pac_bayes import binary_kl, binary_kl_inverse, gaussian_kl, pac_bayes, sampled_risk
from rhobar.theory.learning.rademacher import (
    RademacherComplexity,
    fitted_rademacher,
    linear_rademacher,
    linear_rademacher_limit,
    rademacher_bound,
    table_rademacher,
)
from rhobar.theory.learning.spectral_margin import (
    perturbation_margin_bound,
    spectral_complexity,
    spectral_margin_bound,
)
from rhobar.theory.learning.stability import kernel_stability, sgd_stability, stability_bound
from rhobar.theory.learning.uniform_convergence import distribution_gap, expected_uniform_gap, uniform_gap
from rhobar.theory.learning.vapnik_chervonenkis import (
    growth_penalty,
    halfspace_labellings,
    sauer,
    vc_bound,
    vc_dimension,
    vc_penalty,
)

__all__ = [
    "BiasVariance",
    "Component",
    "RademacherComplexity",
    "agnostic_samples",
    "bias_variance",
    "binary_kl",
    "binary_kl_inverse",
    "distribution_gap",
    "ensemble_variance",
    "expected_uniform_gap",
    "finite_class_bound",
    "finite_class_penalty",
    "fitted_rademacher",
    "frobenius_complexity",
    "gaussian_kl",
    "growth_penalty",
    "halfspace_labellings",
    "hoeffding_tail",
    "kernel_stability",
    "linear_rademacher",
    "linear_rademacher_limit",
    "margin_bound",
    "margins",
    "pac_bayes",
    "perceptron_mistakes",
    "perturbation_margin_bound",
    "rademacher_bound",
    "realisable_samples",
    "sampled_risk",
    "sauer",
    "sgd_stability",
    "spectral_complexity",
    "spectral_margin_bound",
    "stability_bound",
    "table_rademacher",
    "uniform_gap",
    "vc_bound",
    "vc_dimension",
    "vc_penalty",
]
