"""Update rules as formulas: pure functions (state, gradient) ↦ (state, update).

They are the documentation of the optimizers, and the oracle that holds torch's production versions to the equation.
To train, use `torch.optim` or `rhobar.optim`.
"""

from rhobar.optim.rules.rule import Rule, descend
from rhobar.optim.rules.table import RULES

__all__ = ["RULES", "Rule", "descend"]
