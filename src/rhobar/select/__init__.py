"""Selection: which model, which settings, and how sure is the choice?

`k_fold` and its kin divide samples, `cross_validate` and `nested_cross_validate` judge on what is held out, `bootstrap`
says how sure a number is, `aic` and `bic` penalise parameters; `search` looks for settings, `rate_range_test` for a
learning rate, `critical_batch_size` for a batch size.
"""

from rhobar.select.batch_size import CriticalBatchSize, StepsFit, critical_batch_size, fit_steps, predicted_steps
from rhobar.select.bootstrap import Bootstrap, bootstrap
from rhobar.select.criteria import aic, aicc, akaike_weights, bic
from rhobar.select.cross_validation import CrossValidation, cross_validate
from rhobar.select.nested import NestedCrossValidation, nested_cross_validate
from rhobar.select.range_test import RangeTest, rate_range_test
from rhobar.select.search import (
    Choice,
    Integer,
    Real,
    Report,
    Search,
    Space,
    Trial,
    expected_improvement,
    grid_points,
    random_points,
    search,
)
from rhobar.select.splits import Split, grouped_k_fold, k_fold, stratified_k_fold
from rhobar.select.structural_risk import StructuralRisk, structural_risk
from rhobar.theory.learning import finite_class_penalty, vc_penalty

__all__ = [
    "Bootstrap",
    "Choice",
    "CriticalBatchSize",
    "CrossValidation",
    "Integer",
    "NestedCrossValidation",
    "RangeTest",
    "Real",
    "Report",
    "Search",
    "Space",
    "Split",
    "StepsFit",
    "StructuralRisk",
    "Trial",
    "aic",
    "aicc",
    "akaike_weights",
    "bic",
    "bootstrap",
    "critical_batch_size",
    "cross_validate",
    "expected_improvement",
    "finite_class_penalty",
    "fit_steps",
    "grid_points",
    "grouped_k_fold",
    "k_fold",
    "nested_cross_validate",
    "predicted_steps",
    "random_points",
    "rate_range_test",
    "search",
    "stratified_k_fold",
    "structural_risk",
    "vc_penalty",
]
