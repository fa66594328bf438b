"""The losses of healthy programs, each in several spellings, with the end of the network that they need."""

from dataclasses import dataclass

__all__ = ["LOSSES", "Loss"]


@dataclass(frozen=True)
class Loss:
    """A loss as a script states it.

    Attributes:
        kind: ``cross-entropy``, ``nll``, ``bce-logits``, ``bce``, ``squared`` or ``huber``.
        define: Lines that leave ``criterion``.
        end: Function that the network applies to its last linear map; empty for none.
        end_module: The same as a module.
        threshold: Where a binary answer turns.
    """

    kind: str
    define: str
    end: str = ""
    end_module: str = ""
    threshold: str = "0"


LOSSES = {
    "classes": (
        Loss("cross-entropy", "criterion = nn.CrossEntropyLoss()"),
        Loss("cross-entropy", "criterion = F.cross_entropy"),
        Loss("cross-entropy", "criterion = nn.CrossEntropyLoss(label_smoothing=0.03)"),
        Loss(
            "cross-entropy",
            "def criterion(out, target):\n    return -F.log_softmax(out, dim=1).gather(1, target[:, None]).mean()",
        ),
        Loss("nll", "criterion = nn.NLLLoss()", "torch.log_softmax(x, dim=1)", "nn.LogSoftmax(dim=1)"),
    ),
    "binary": (
        Loss("bce-logits", "criterion = nn.BCEWithLogitsLoss()"),
        Loss("bce-logits", "criterion = F.binary_cross_entropy_with_logits"),
        Loss("bce", "criterion = nn.BCELoss()", "torch.sigmoid(x)", "nn.Sigmoid()", "0.5"),
        Loss("bce-logits", "def criterion(out, target):\n    return (F.softplus(out) - out * target).mean()"),
    ),
    "regression": (
        Loss("squared", "criterion = nn.MSELoss()"),
        Loss("squared", "criterion = F.mse_loss"),
        Loss("squared", "def criterion(out, target):\n    return ((out - target) ** 2).mean()"),
        Loss("huber", "criterion = nn.SmoothL1Loss()"),
        Loss("huber", "criterion = nn.HuberLoss(delta=1.0)"),
    ),
}
"""Spellings by task; autocast refuses ``bce``."""
