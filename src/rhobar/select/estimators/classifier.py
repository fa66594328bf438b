"""A network as a scikit-learn classifier."""

from typing import Any

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from rhobar.select.estimators.network import NetworkEstimator

__all__ = ["Classifier"]


class Classifier(ClassifierMixin, NetworkEstimator):  # type: ignore[misc]
    """A network that names classes, trained by the cross-entropy; it goes wherever scikit-learn's do.

    Pipelines, `GridSearchCV`, `cross_val_score` and pickling work as usual. The arguments are those of
    `NetworkEstimator`: the network, its optimizer and its training.

    Attributes:
        classes_: The classes, sorted.
        network_: The trained network, (n, features) ↦ (n, classes) logits.
        loss_curve_: Mean training loss of each epoch.
        n_iter_: Epochs made.

    Example:
        >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]] * 10), np.array(["low", "low", "high", "high"] * 10)
        >>> Classifier(hidden=(8,), rate=0.03, random_state=0).fit(X, y).predict([[0.5], [2.5]])
        array(['low', 'high'], dtype='<U4')
    """

    def fit(self, X: Any, y: Any) -> "Classifier":  # noqa: ANN401 (whatever scikit-learn takes)
        """Train on rows and their classes.

        Args:
            X: (n, features), numbers.
            y: (n,) labels of any kind.

        Returns:
            Itself.

        Raises:
            ValueError: If there is one class only.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"Classifier needs samples of at least 2 classes in the data, got one class: {y[0]!r}.")
        self._train(X, torch.as_tensor(codes, dtype=torch.long), len(self.classes_), nn.CrossEntropyLoss())
        return self

    def predict_proba(self, X: Any) -> Any:  # noqa: ANN401
        """Return the probability of each class, (n, classes)."""
        return torch.softmax(self._logits(X), 1).numpy()

    def predict_log_proba(self, X: Any) -> Any:  # noqa: ANN401
        """Return the logarithm of the probability of each class."""
        return torch.log_softmax(self._logits(X), 1).numpy()

    def decision_function(self, X: Any) -> Any:  # noqa: ANN401
        """Return the logits, (n, classes); with two classes the log-odds of the second, (n,)."""
        z = self._logits(X)
        return (z[:, 1] - z[:, 0] if len(self.classes_) == 2 else z).numpy()

    def predict(self, X: Any) -> Any:  # noqa: ANN401
        """Return the most probable class of each row."""
        found = self._logits(X).argmax(1).numpy()
        return self.classes_[found]

    def _logits(self, X: Any) -> torch.Tensor:  # noqa: ANN401
        check_is_fitted(self)
        return self._answer(validate_data(self, X, dtype=np.float64, reset=False))
