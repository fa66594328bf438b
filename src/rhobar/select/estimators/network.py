"""What the two estimators share: a network made for the data, trained by `fit`, and asked in evaluation mode."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

try:
    from sklearn.base import BaseEstimator
    from sklearn.utils import check_random_state
except ImportError as error:
    raise ImportError("Estimators need scikit-learn; install it with `pip install rhobar[data]`.") from error

from rhobar.nn.architectures.mlp import MLP
from rhobar.train import Batches, EarlyStopping, fit
from rhobar.train.schedules import SCHEDULES

__all__ = ["NetworkEstimator"]

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": lambda params, **settings: torch.optim.SGD(params, momentum=0.9, **settings),
}
"""Name ↦ optimizer of (parameters, lr, weight_decay)."""


class NetworkEstimator(BaseEstimator):  # type: ignore[misc]
    """Base of `Classifier` and `Regressor`; scikit-learn's conventions hold: `__init__` only stores.

    The network is trained in float32 and answers in float64.

    Args:
        module: (in_features, out_features) ↦ network; ``None`` makes an `MLP`.
        hidden: Widths of the `MLP`.
        optimizer: ``adamw``, ``adam`` or ``sgd`` (momentum 0.9).
        rate: η.
        schedule: A name of `SCHEDULES` that needs no setting, such as ``constant`` or ``cosine``.
        batch_size: Rows of a batch.
        epochs: Passes over the data.
        weight_decay: Of the optimizer.
        patience: Epochs without improvement on the held-out share after which to stop; ``None`` never.
        validation_share: Held out for `patience`.
        standardize: Bring each feature to mean 0 and variance 1, as measured in `fit`.
        device: Such as ``cpu`` or ``cuda``.
        random_state: Seeds weights, order and dropout; an int makes `fit` repeatable.
    """

    def __init__(
        self,
        module: Callable[[int, int], nn.Module] | None = None,
        *,
        hidden: Sequence[int] = (100,),
        optimizer: str = "adamw",
        rate: float = 1e-3,
        schedule: str = "constant",
        batch_size: int = 64,
        epochs: int = 100,
        weight_decay: float = 0.01,
        patience: int | None = None,
        validation_share: float = 0.1,
        standardize: bool = True,
        device: str = "cpu",
        random_state: Any = None,  # noqa: ANN401 (int, RandomState or None, as everywhere in scikit-learn)
    ) -> None:
        self.module = module
        self.hidden = hidden
        self.optimizer = optimizer
        self.rate = rate
        self.schedule = schedule
        self.batch_size = batch_size
        self.epochs = epochs
        self.weight_decay = weight_decay
        self.patience = patience
        self.validation_share = validation_share
        self.standardize = standardize
        self.device = device
        self.random_state = random_state

    def _train(self, X: np.ndarray, y: Tensor, outputs: int, loss: nn.Module) -> None:
        """Make the network and train it; the global random state stays as it was.

        Raises:
            ValueError: If a name is unknown.
        """
        if self.optimizer not in OPTIMIZERS or self.schedule not in SCHEDULES:
            raise ValueError(
                f"optimizer must be one of {', '.join(OPTIMIZERS)} and schedule one of {', '.join(SCHEDULES)}; "
                f"got {self.optimizer!r} and {self.schedule!r}."
            )
        self.mean_ = X.mean(0) if self.standardize else np.zeros(X.shape[1])
        spread = X.std(0) if self.standardize else np.ones(X.shape[1])
        self.scale_ = np.where(spread > 0, spread, 1.0)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            make = self.module or (lambda inputs, outputs: MLP(inputs, tuple(self.hidden), outputs))
            self.network_ = make(X.shape[1], outputs).to(self.device)
            self._steps(self._tensor(X), y.to(self.device), loss)
        if torch.device(self.device).type != "mps":  # which has no float64
            self.network_.double()  # then the answer for a row does not depend on the rows beside it

    def _steps(self, x: Tensor, y: Tensor, loss: nn.Module) -> None:
        optimizer = OPTIMIZERS[self.optimizer](self.network_.parameters(), lr=self.rate, weight_decay=self.weight_decay)
        validation, stopping = None, None
        if self.patience is not None:
            held = max(1, round(self.validation_share * len(x)))
            order = torch.randperm(len(x)).to(x.device)
            validation = Batches(x[order[:held]], y[order[:held]], size=500, shuffle=False)
            stopping = EarlyStopping(self.patience)
            x, y = x[order[held:]], y[order[held:]]
        total, count = 0.0, 0
        self.loss_curve_ = []
        for step in fit(
            self.network_, loss, Batches(x, y, size=self.batch_size), optimizer, epochs=self.epochs,
            schedule=SCHEDULES[self.schedule](), validation=validation, stopping=stopping, progress=False,
        ):  # fmt: skip
            total, count = total + step.loss * step.rows, count + step.rows
            if step.ends_epoch:
                self.loss_curve_.append(total / count)
                total, count = 0.0, 0
        self.n_iter_ = len(self.loss_curve_)

    def _tensor(self, X: np.ndarray) -> Tensor:
        """Standardise; in the precision that the network has by now."""
        dtype = next((p.dtype for p in self.network_.parameters()), torch.float32)
        return torch.as_tensor((X - self.mean_) / self.scale_, dtype=dtype, device=self.device)

    @torch.no_grad()
    def _answer(self, X: np.ndarray) -> Tensor:
        """Ask the network in evaluation mode, some rows at a time; the outputs are on the CPU."""
        self.network_.eval()
        return torch.cat([self.network_(part).cpu().double() for part in self._tensor(X).split(4096)])
