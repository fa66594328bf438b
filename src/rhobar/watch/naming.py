"""Names for parameters: the path in the model that owns them, found among called models and the script's globals."""

import re
import sys
import weakref

import torch
from torch import Tensor, nn

__all__ = ["Names", "is_float", "model_label", "wrapped_as"]

_WEIGHTS = (
    ".weight",
    ".weight_ih_l0",
    ".in_proj_weight",
    "_weight",
    ".parametrizations.weight.original1",
    ".kernel",
    ".embeddings",
)
"""How names of weights end, after that of their layer."""


class Names:
    """Maps parameters to ``(path, owning module)``; models are added as they are met."""

    def __init__(self) -> None:
        self._owner: dict[int, tuple[weakref.ref[Tensor], str, str]] = {}
        self._modules: dict[int, weakref.ref[nn.Module]] = {}
        self._labels: dict[int, tuple[weakref.ref[nn.Module], str]] = {}
        self._given: dict[int, tuple[weakref.ref[Tensor], str, str]] = {}
        self.recurrent: set[int] = set()
        """Weights of recurrent and attention modules, by identity."""

    def add_model(self, model: nn.Module, label: str) -> None:
        """Learn the parameter names of `model`; a model that contains a known one takes its names over."""
        if id(model) in self._labels and self._labels[id(model)][0]() is model:
            label = self._labels[id(model)][1]
        self._labels[id(model)] = (weakref.ref(model), label)
        prefix = _prefix(model)
        for path, module in model.named_modules():
            for name, parameter in module.named_parameters(recurse=False):
                full = _INNER.sub("", ".".join(p for p in (path, name) if p).removeprefix(prefix))
                known = self._owner.get(id(parameter))
                if known is None or known[0]() is not parameter or len(known[1]) < len(full):
                    self._owner[id(parameter)] = (weakref.ref(parameter), full, kind_of(module))
                    self._modules[id(parameter)] = weakref.ref(module)
                if isinstance(module, nn.RNNBase | nn.RNNCellBase | nn.MultiheadAttention):
                    self.recurrent.add(id(parameter))

    def add_globals(self) -> None:
        """Learn from the models that stand as variables in the running script."""
        main = sys.modules.get("__main__")
        for label, value in list(vars(main).items()) if main else []:
            if isinstance(value, nn.Module):
                self.add_model(value, label)
            elif (
                isinstance(value, list | tuple)
                and 0 < len(value) <= 64
                and all(isinstance(v, nn.Module) for v in value)
            ):
                for i, module in enumerate(value):
                    if not any(id(p) in self._owner for p in module.parameters()):
                        self._add_listed(module, f"{label}[{i}]")

    def _add_listed(self, module: nn.Module, label: str) -> None:
        for name, parameter in module.named_parameters():
            self._owner[id(parameter)] = (weakref.ref(parameter), f"{label}.{name}", type(module).__name__)

    def give(self, tensor: Tensor, name: str, kind: str) -> None:
        """Name a parameter as its framework does, where torch's own path says nothing.

        Args:
            tensor: The parameter.
            name: Its name.
            kind: Type of the layer that owns it.
        """
        self._given[id(tensor)] = (weakref.ref(tensor), name, kind)

    def _told(self, tensor: Tensor) -> tuple[str, str] | None:
        """Name and owner's type."""
        for names in (self._given, self._owner):
            known = names.get(id(tensor))
            if known is not None and known[0]() is tensor:
                return known[1], known[2]
        return None

    def __call__(self, tensor: Tensor) -> str:
        """The tensor's path, or its shape in words."""
        known = self._told(tensor)
        if known is not None:
            return known[0]
        shape = "×".join(map(str, tensor.shape)) or "scalar"
        return f"tensor({shape})"

    def layer(self, tensor: Tensor) -> str:
        """The path of the module that owns the tensor."""
        name = self(tensor)
        for suffix in _WEIGHTS:
            if name.endswith(suffix):
                return name[: -len(suffix)]
        return name

    def module(self, tensor: Tensor) -> str:
        """Type of the owning module, empty if unknown."""
        known = self._told(tensor)
        return known[1] if known is not None else ""

    def models(self) -> list[nn.Module]:
        """The models that still exist."""
        return [model for ref, _ in self._labels.values() if (model := ref()) is not None]

    def owner(self, tensor: Tensor) -> nn.Module | None:
        """The module that holds the tensor as its parameter."""
        known = self._modules.get(id(tensor))
        return known() if known is not None and self.known(tensor) else None

    def known(self, tensor: Tensor) -> bool:
        """Whether a model owns the tensor."""
        known = self._owner.get(id(tensor))
        return known is not None and known[0]() is tensor


_INNER = re.compile(r"(?:(?<=\.)|^)(?:_orig_mod|_checkpoint_wrapped_module|_fsdp_wrapped_module)\.")
"""What compilation, checkpointing and sharding put between a module and its parent."""


def wrapped_as(model: nn.Module) -> str:
    """The attribute that holds what `model` wraps; empty if it wraps nothing."""
    if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return "module"
    return "_orig_mod" if type(model).__name__ == "OptimizedModule" else ""  # of torch.compile, dear to import


def kind_of(module: nn.Module) -> str:
    """Name of the module's class; that of `fully_shard` is put before the one that the program wrote."""
    kind = type(module)
    return (kind.__bases__[-1] if hasattr(module, "_get_fsdp_state") else kind).__name__


def _prefix(model: nn.Module) -> str:
    name = wrapped_as(model)
    return f"{name}.{_prefix(getattr(model, name))}" if name else ""


def model_label(model: nn.Module) -> str:
    """What to call a model in text: its class, or that of what it wraps.

    Example:
        >>> model_label(nn.DataParallel(nn.Linear(2, 1)))
        'Linear'
    """
    name = wrapped_as(model)
    return model_label(getattr(model, name)) if name else kind_of(model)


def is_float(x: object) -> bool:
    """Whether x is a floating-point tensor."""
    return isinstance(x, torch.Tensor) and x.is_floating_point()
