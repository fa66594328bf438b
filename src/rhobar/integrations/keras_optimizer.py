"""Keras 3's optimizers, told to the watcher in torch's terms.

Keras moves weights with optimizers of its own, of which torch's hooks hear nothing. Each gets a twin: an optimizer of
torch with the same settings and the same state, which takes no step itself.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer

from rhobar.watch.observer import Observer

__all__ = ["follow", "twin"]

Settings = dict[str, Any]

_TWINS: dict[str, tuple[type[Optimizer], Callable[[Settings], Settings]]] = {
    "SGD": (torch.optim.SGD, lambda c: {"momentum": c["momentum"], "nesterov": c["nesterov"] and c["momentum"] > 0}),
    "Adam": (torch.optim.Adam, lambda c: {"betas": (c["beta_1"], c["beta_2"]), "eps": c["epsilon"]}),
    "AdamW": (torch.optim.AdamW, lambda c: {"betas": (c["beta_1"], c["beta_2"]), "eps": c["epsilon"]}),
    "RMSprop": (torch.optim.RMSprop, lambda c: {"alpha": c["rho"], "eps": c["epsilon"], "momentum": c["momentum"]}),
    "Adagrad": (torch.optim.Adagrad, lambda c: {"eps": c["epsilon"]}),
}
_STATES = {
    "Adam": {"_momentum": "exp_avg", "_velocity": "exp_avg_sq"},
    "AdamW": {"_momentum": "exp_avg", "_velocity": "exp_avg_sq"},
    "RMSprop": {"_velocity": "square_avg"},
    "Adagrad": {"_accumulator": "sum"},
}
"""How the name of a state's variable ends, and what torch calls it."""


def twin(optimizer: Any, variables: list[Any]) -> Optimizer:  # noqa: ANN401
    """An optimizer of torch over the same parameters, with the same settings and state.

    Args:
        optimizer: A Keras optimizer.
        variables: The variables that it moves.

    Returns:
        One of the same kind where torch has it, else one of the same name that holds the rate alone.
    """
    kind, config = type(optimizer).__name__, optimizer.get_config()
    params: list[Tensor] = [v.value for v in variables]
    rate, decay = float(optimizer.learning_rate), config.get("weight_decay") or 0.0
    known = _TWINS.get("AdamW" if kind == "Adam" and decay else kind)
    if known is None:
        return type(kind, (Optimizer,), {})(params, {"lr": rate, "weight_decay": decay})  # type: ignore[no-any-return]
    made: Optimizer = known[0](params, lr=rate, weight_decay=decay, **known[1](config))  # type: ignore[call-arg]
    states = {v.path: v.value for v in optimizer.variables}
    for variable, p in zip(variables, params, strict=True):
        name = f"{optimizer.name}/{variable.path.replace('/', '_')}"
        found = {to: states[name + end] for end, to in _STATES.get(kind, {}).items() if name + end in states}
        if found:
            made.state[p] = {"step": optimizer.iterations.value, **found}
    return made


def follow(optimizer: Any, variables: list[Any], observer: Observer) -> Callable[[], None]:  # noqa: ANN401
    """Tell the observer of the steps of a Keras optimizer.

    Returns:
        A function that takes everything back.
    """
    optimizer.build(variables)
    double, original = twin(optimizer, variables), optimizer.apply

    def apply(*args: Any, **kwargs: Any) -> None:
        before = optimizer.gradient_accumulation_steps and int(optimizer.iterations)
        observer.step_started(double)
        original(*args, **kwargs)
        with observer.guard.contained("the Keras optimizer") as on:
            if on:
                double.param_groups[0]["lr"] = float(optimizer.learning_rate)
        if before is None or int(optimizer.iterations) > before:
            observer.step_ended(double)

    optimizer.apply = apply
    return lambda: delattr(optimizer, "apply")
