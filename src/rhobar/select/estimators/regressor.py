"""A network as a scikit-learn regressor."""

from typing import Any

import numpy as np
import torch
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from rhobar.select.estimators.network import NetworkEstimator

__all__ = ["Regressor"]


class Regressor(RegressorMixin, NetworkEstimator):  # type: ignore[misc]
    """A network that predicts numbers, trained by the squared error of standardised targets.

    Targets are brought to mean 0 and variance 1 for the training and back for the answers, so that the rate need not
    know their unit. The arguments are those of `NetworkEstimator`.

    Attributes:
        network_: The trained network, (n, features) ↦ (n, outputs), standardised.
        target_mean_: Mean of each output.
        target_scale_: Its standard deviation.
        loss_curve_: Mean training loss of each epoch, standardised.
        n_iter_: Epochs made.

    Example:
        >>> X = np.linspace(-1, 1, 60)[:, None]
        >>> y = 100 * X[:, 0] ** 2
        >>> bool(Regressor(hidden=(32,), rate=0.01, random_state=0).fit(X, y).score(X, y) > 0.95)
        True
    """

    def fit(self, X: Any, y: Any) -> "Regressor":  # noqa: ANN401 (whatever scikit-learn takes)
        """Train on rows and their targets.

        Args:
            X: (n, features), numbers.
            y: (n,) or (n, outputs), numbers.

        Returns:
            Itself.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        targets = np.asarray(y, dtype=np.float64)
        self._flat = targets.ndim == 1
        targets = targets.reshape(len(targets), -1)
        self.target_mean_, spread = targets.mean(0), targets.std(0)
        self.target_scale_ = np.where(spread > 0, spread, 1.0)
        scaled = torch.as_tensor((targets - self.target_mean_) / self.target_scale_, dtype=torch.float32)
        self._train(X, scaled, targets.shape[1], nn.MSELoss())
        return self

    def predict(self, X: Any) -> Any:  # noqa: ANN401
        """Return the targets of each row, of the shape that they had."""
        check_is_fitted(self)
        found = self._answer(validate_data(self, X, dtype=np.float64, reset=False)).numpy()
        targets = found * self.target_scale_ + self.target_mean_
        return targets[:, 0] if self._flat else targets

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
