"""Rosenblatt's perceptron: one threshold unit that learns from its mistakes, and from nothing else.

There is no loss in it; but its rule is stochastic subgradient descent, one sample a step, on `perceptron_loss`.

Textbook: A1, A2, A3, A4, A5, A6, A7, A8, C3, C4, C5, C-§1.2, C-§2.1.3a

References:
    Rosenblatt (1958), The perceptron: a probabilistic model for information storage and organization in the brain.
    Novikoff (1962), On convergence proofs on perceptrons.
"""

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

__all__ = ["Perceptron", "Update", "perceptron_updates", "threshold_updates"]

_RULES = ("sign", "threshold")


@dataclass(frozen=True)
class Update:
    """The state after one update.

    Attributes:
        epoch: Pass over the data, from 0.
        sample: Index of the sample that was wrong.
        weight: w afterwards.
        bias: b afterwards; of the threshold form, b = −θ.
    """

    epoch: int
    sample: int
    weight: Float[np.ndarray, " n"]
    bias: float


def perceptron_updates(
    X: Float[np.ndarray, "samples n"],
    y: Float[np.ndarray, " samples"],
    *,
    rate: float = 1.0,
    max_epochs: int = 1000,
    bias: bool = True,
) -> Iterator[Update]:
    """Yield every update of the ±1 rule, from w = 0, b = 0, until a pass goes without.

    if yᵢ (w·xᵢ + b) ≤ 0:   w ← w + η yᵢ xᵢ,   b ← b + η yᵢ

    A score of 0 is a mistake, though sign(0) = +1. Each update raises yᵢ times the sample's own score by
    η (‖xᵢ‖² + 1). With the augmented input (x, 1) it is one rule for one weight, and b needs no mention. From zero, η
    only scales w and b. If a hyperplane separates the classes, there are at most R²/γ² updates (see `novikoff_bound`);
    if none does, there is no end, but w stays bounded.

    Textbook: A2, A3, A5, A7, C-§2.1.3c

    Example:
        >>> X, y = np.array([[2.0, 1.0], [-1.0, 2.0]]), np.array([1.0, -1.0])
        >>> [(u.weight.tolist(), float(u.bias)) for u in perceptron_updates(X, y)]
        [([2.0, 1.0], 1.0), ([3.0, -1.0], 0.0)]
    """
    w, b = np.zeros(X.shape[1]), 0.0
    for epoch in range(max_epochs):
        wrong = False
        for i, (x, label) in enumerate(zip(X, y, strict=True)):
            if label * (w @ x + b) <= 0:
                w, b, wrong = w + rate * label * x, b + rate * label * bias, True
                yield Update(epoch, i, w, b)
        if not wrong:
            return


def threshold_updates(
    X: Float[np.ndarray, "samples n"],
    d: Float[np.ndarray, " samples"],
    weight: Float[np.ndarray, " n"],
    threshold: float,
    *,
    rate: float = 1.0,
    max_epochs: int = 1000,
    bias: bool = True,
) -> Iterator[Update]:
    """Yield every update of the threshold form, from a given start, until a pass goes without.

    y = +1 if w·x ≥ θ, else −1;   e = d − y;   w ← w + η e x,   θ ← θ − η e

    e is −2, 0 or 2, so steps are twice those of the ±1 rule; a score of exactly θ counts as +1.

    Textbook: C-§2.1.3b

    Example:
        >>> X, d = np.array([[2.0, 1.0], [-1.0, 2.0]]), np.array([1.0, -1.0])
        >>> [(u.weight.tolist(), float(u.bias)) for u in threshold_updates(X, d, np.zeros(2), 0.5)]
        [([4.0, 2.0], 1.5), ([6.0, -2.0], -0.5)]
    """
    w, theta = weight, threshold
    for epoch in range(max_epochs):
        wrong = False
        for i, (x, desired) in enumerate(zip(X, d, strict=True)):
            error = desired - (1.0 if w @ x >= theta else -1.0)
            if error != 0:
                w, theta, wrong = w + rate * error * x, theta - rate * error * bias, True
                yield Update(epoch, i, w, -theta)
        if not wrong:
            return


class Perceptron:
    """The perceptron as a scikit-learn estimator, for two classes.

    It keeps scikit-learn's conventions and passes its ``check_estimator``, but scikit-learn (extra `data`) is needed
    only by `fit` and what follows it.

    Args:
        rule: "sign" (from zero, wrong at a score of 0) or "threshold" (from a random start, Rosenblatt's form).
        learning_rate: η.
        max_epochs: Passes over the data, if they do not end before.
        fit_intercept: Whether there is a bias; without, the hyperplane goes through the origin.
        random_state: Seed of the threshold form's start.

    Attributes:
        coef_: w, of shape (1, n).
        intercept_: b, of shape (1,).
        classes_: The two labels; the second one is +1.
        n_updates_: How many updates were made.
        n_epochs_: How many passes, the last one without update included.
        converged_: Whether a pass went without an update: the training data are separated.
        n_features_in_: n.

    Example:
        >>> X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array(["no", "no", "no", "yes"])
        >>> unit = Perceptron().fit(X, y)
        >>> unit.predict(X).tolist(), unit.converged_
        (['no', 'no', 'no', 'yes'], True)
    """

    _estimator_type = "classifier"

    def __init__(
        self,
        rule: str = "sign",
        *,
        learning_rate: float = 1.0,
        max_epochs: int = 1000,
        fit_intercept: bool = True,
        random_state: int | None = None,
    ) -> None:
        self.rule = rule
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.fit_intercept = fit_intercept
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> "Perceptron":  # noqa: ANN401 (anything that scikit-learn takes)
        """Learn from samples X, (samples, n), and two labels y.

        Raises:
            ValueError: If there are not two classes, or an argument of the constructor is not possible.
        """
        self._require_arguments()
        X, y = _sklearn("utils.validation").validate_data(self, X, y, dtype=np.float64)
        _sklearn("utils.multiclass").check_classification_targets(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported. y has {len(self.classes_)} classes; train one perceptron "
                "for each (sklearn.multiclass.OneVsRestClassifier)."
            )
        if len(self.classes_) < 2:
            raise ValueError(f"y must hold two classes, got the one class {self.classes_[0]!r}.")
        w, b, self.n_updates_, last = *self._start(X.shape[1]), 0, -1
        for update in self._updates(X, 2.0 * indices - 1, w, b):
            w, b, last = update.weight, update.bias, update.epoch
            self.n_updates_ += 1
        self.converged_ = last < self.max_epochs - 1
        self.n_epochs_ = self.n_iter_ = last + 2 if self.converged_ else self.max_epochs
        self.coef_, self.intercept_ = w[None, :], np.array([b])
        return self

    def decision_function(self, X: Any) -> Float[np.ndarray, " samples"]:  # noqa: ANN401
        """Return the score w·x + b."""
        _sklearn("utils.validation").check_is_fitted(self, "coef_")
        X = _sklearn("utils.validation").validate_data(self, X, reset=False, dtype=np.float64)
        scores: np.ndarray = X @ self.coef_[0] + self.intercept_[0]
        return scores

    def predict(self, X: Any) -> np.ndarray:  # noqa: ANN401
        """Return the class: the second one where the score is at least 0."""
        scores = self.decision_function(X)
        labels: np.ndarray = self.classes_[(scores >= 0).astype(int)]
        return labels

    def score(self, X: Any, y: Any) -> float:  # noqa: ANN401
        """Return the share of right predictions."""
        return float(np.mean(self.predict(X) == np.asarray(y)))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> "Perceptron":
        """Set arguments of the constructor.

        Raises:
            ValueError: If there is no such argument.
        """
        for name, value in params.items():
            if name not in self.get_params():
                raise ValueError(f"Invalid parameter {name!r}: a Perceptron has {', '.join(self.get_params())}.")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        return f"Perceptron({', '.join(f'{k}={v!r}' for k, v in self.get_params().items())})"

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 (a class of scikit-learn's)
        utils = _sklearn("utils")
        return utils.Tags(
            estimator_type="classifier",
            target_tags=utils.TargetTags(required=True),
            classifier_tags=utils.ClassifierTags(multi_class=False),
        )

    def _start(self, n: int) -> tuple[np.ndarray, float]:
        if self.rule == "sign":
            return np.zeros(n), 0.0
        random = _sklearn("utils").check_random_state(self.random_state)
        return random.uniform(-0.5, 0.5, n), float(random.uniform(-0.5, 0.5)) * self.fit_intercept

    def _updates(self, X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float) -> Iterator[Update]:
        options: dict[str, Any] = {
            "rate": self.learning_rate,
            "max_epochs": self.max_epochs,
            "bias": self.fit_intercept,
        }
        if self.rule == "sign":
            return perceptron_updates(X, y, **options)
        return threshold_updates(X, y, w, -b, **options)

    def _require_arguments(self) -> None:
        if self.rule not in _RULES:
            raise ValueError(f"rule must be 'sign' or 'threshold', got {self.rule!r}.")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be positive, got {self.learning_rate}.")
        if not self.max_epochs >= 1:
            raise ValueError(f"max_epochs must be at least 1, got {self.max_epochs}.")


def _sklearn(name: str) -> Any:  # noqa: ANN401 (a module without types)
    try:
        return importlib.import_module(f"sklearn.{name}")
    except ImportError as error:
        raise ImportError("A Perceptron needs scikit-learn; install the extra: pip install 'rhobar[data]'.") from error
