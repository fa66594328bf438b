"""What people call things: vocabularies for the canonical identifiers."""

import random

__all__ = ["choose_names"]

_VOCABULARIES: tuple[dict[str, str], ...] = (
    {},
    {"model": "net", "optimizer": "opt", "criterion": "loss_fn", "out": "pred", "xb": "inputs", "yb": "targets"},
    {"x_train": "X_tr", "x_valid": "X_va", "y_train": "y_tr", "y_valid": "y_va", "optimizer": "optim", "loss": "cost"},
    {"xb": "batch_x", "yb": "batch_y", "out": "outputs", "criterion": "loss_function", "scheduler": "lr_scheduler"},
    {"model": "network", "x_valid": "x_test", "y_valid": "y_test", "valid_loss": "test_loss", "out": "y_hat"},
    {"model": "m", "optimizer": "o", "out": "z", "loss": "J", "criterion": "objective", "xb": "xx", "yb": "yy"},
)


def choose_names(rng: random.Random) -> dict[str, str]:
    """Return other names for some canonical identifiers; they never meet each other or a library's."""
    return dict(rng.choice(_VOCABULARIES))
