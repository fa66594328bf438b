"""The optimizers of healthy programs and their usual rates."""

from dataclasses import dataclass, field

__all__ = ["OPTIMIZERS", "UPDATE_BY_HAND", "Choice"]


@dataclass(frozen=True)
class Choice:
    """An optimizer with a usual rate for small networks.

    Attributes:
        name: Its class in ``torch.optim``, or ``by hand``.
        rate: Learning rate.
        options: Further arguments.
    """

    name: str
    rate: float
    options: dict[str, str] = field(default_factory=dict)


OPTIMIZERS = (
    Choice("Adam", 5e-3),
    Choice("SGD", 5e-2, {"momentum": "0.9"}),
    Choice("AdamW", 5e-3, {"weight_decay": "0.01"}),
    Choice("SGD", 5e-2, {"momentum": "0.9", "nesterov": "True", "weight_decay": "1e-4"}),
    Choice("RMSprop", 2e-3),
    Choice("by hand", 2e-1),
    Choice("Adam", 5e-3, {"betas": "(0.9, 0.99)"}),
    Choice("SGD", 3e-1),
)

UPDATE_BY_HAND = {
    "define_optimizer": "",
    "zero": "for p in <<held>>:\n    p.grad = None",
    "step": "with torch.no_grad():\n    for p in <<held>>:\n        p <<sign>>= <<lr>> * p.grad",
    "sign": "-",
}
"""Slots of a script that updates its weights itself."""
