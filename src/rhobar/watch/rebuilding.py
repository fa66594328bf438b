"""An optimizer like another one, for a copy of its model: its class and settings, an empty state."""

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import Any

from torch import nn
from torch.optim.optimizer import Optimizer

from rhobar.watch.start import GroupStart

__all__ = ["rebuilt"]


def rebuilt(template: Optimizer, groups: Sequence[GroupStart], model: nn.Module) -> Optimizer:
    """Return an optimizer of the template's class over the model's parameters.

    The constructor is not called: a class that a program defines may ask for anything. Hooks, and a `step` that a
    scheduler has put over the class's own, are left behind.

    Args:
        template: The optimizer to imitate.
        groups: Settings and names of the parameters.
        model: Where the names are looked up; those that it does not hold are left out.
    """
    twin = object.__new__(type(template))
    twin.__dict__.update({key: value for key, value in vars(template).items() if key != "step"})
    for key, value in vars(template).items():
        if key.endswith("_hooks"):
            twin.__dict__[key] = OrderedDict()
        elif isinstance(value, dict) and key not in ("state", "defaults"):
            twin.__dict__[key] = dict(value)
    parameters = dict(model.named_parameters())
    made: list[dict[str, Any]] = []
    for group in groups:
        held = [parameters[name] for name in group.names if name in parameters]
        if held:
            made.append({**group.settings, "params": held})
    twin.param_groups = made
    twin.state = defaultdict(dict)
    return twin
