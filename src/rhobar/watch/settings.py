"""An optimizer's kind and settings as plain data."""

from torch import Tensor
from torch.optim.optimizer import Optimizer

from rhobar.record import OptimizerFacts

__all__ = ["optimizer_facts"]


def optimizer_facts(optimizer: Optimizer, steps: int) -> OptimizerFacts:
    """Kind and settings of the first parameter group."""
    group = optimizer.param_groups[0]
    settings: dict[str, float] = {}
    for key, value in group.items():
        if key == "betas":
            settings["beta1"], settings["beta2"] = float(value[0]), float(value[1])
        elif (isinstance(value, bool | int | float) and key != "params") or (
            isinstance(value, Tensor) and value.numel() == 1
        ):
            settings[key] = float(value)
    return OptimizerFacts(
        kind=type(optimizer).__name__,
        settings=settings,
        num_groups=len(optimizer.param_groups),
        num_parameters=sum(len(g["params"]) for g in optimizer.param_groups),
        num_steps=steps,
    )
