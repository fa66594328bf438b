"""What Lookahead and SAM share: an optimizer around another one, for every tool that expects an optimizer."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, overload

from torch import Tensor
from torch.optim.optimizer import Optimizer

__all__ = ["Wrapper"]


class Wrapper(Optimizer, ABC):
    """An optimizer that owns a base optimizer and shares its parameter groups.

    The groups are the base's own list of dictionaries, with the wrapper's options beside the base's: a scheduler, a
    gradient scaler or the user changes them in one place. The state dictionary holds the state of both and resumes
    bit for bit.

    Attributes:
        base: The wrapped optimizer. Its hooks run at every step of its own.

    Raises:
        TypeError: If `base` is not a torch optimizer.
    """

    def __init__(self, base: Optimizer, options: dict[str, Any]) -> None:
        if not isinstance(base, Optimizer):
            raise TypeError(
                f"{type(self).__name__} wraps a torch.optim.Optimizer, got {type(base).__name__}; "
                "construct the optimizer first and hand it over."
            )
        super().__init__([{"params": group["params"]} for group in base.param_groups], {})
        self.base = base
        self.defaults = {**base.defaults, **options}
        self._share_groups()

    def _share_groups(self) -> None:
        self.param_groups = self.base.param_groups
        for group in self.param_groups:
            for name, value in self.defaults.items():
                group.setdefault(name, value)

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @abstractmethod
    def step(self, closure: Callable[[], Tensor | float] | None = None) -> Tensor | float | None:
        """Take one step."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group to the base, with the wrapper's options as defaults."""
        if not hasattr(self, "base"):  # torch's constructor, before there is a base to share with
            super().add_param_group(param_group)
            return
        self.base.add_param_group(param_group)
        self._share_groups()

    def state_dict(self) -> dict[str, Any]:
        """Return torch's dictionary, and what the base's holds beside the shared groups as `base`."""
        base = {key: value for key, value in self.base.state_dict().items() if key != "param_groups"}
        return {**super().state_dict(), "base": base}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Put back the state of both.

        Raises:
            ValueError: If the dictionary lacks the base's state.
        """
        if "base" not in state_dict:
            raise ValueError(
                f"The state of a {type(self).__name__} must hold 'base', got the keys {sorted(state_dict)}; "
                "a dictionary of the base alone belongs into `.base.load_state_dict`."
            )
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "base"})
        self.base.load_state_dict({**state_dict["base"], "param_groups": state_dict["param_groups"]})
        self._share_groups()

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "base": self.base}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._share_groups()
