"""Networks as scikit-learn estimators (extra `data`): `Classifier` and `Regressor`."""

from rhobar.select.estimators.classifier import Classifier
from rhobar.select.estimators.regressor import Regressor

__all__ = ["Classifier", "Regressor"]
