"""The places where rhobar listens: thin wrappers around module calls, backward and the losses, and optimizers' hooks.

Every listener is contained: an error inside rhobar is noted as "not seen", never raised into the program.
"""

import contextlib
import functools
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, no_type_check, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

__all__ = ["FUNCTIONAL_LOSSES", "Hooks", "Listener", "LossCall", "aside", "in_backward"]

FUNCTIONAL_LOSSES = {
    "cross_entropy": "cross_entropy",
    "nll_loss": "nll",
    "mse_loss": "mse",
    "l1_loss": "l1",
    "smooth_l1_loss": "huber",
    "huber_loss": "huber",
    "binary_cross_entropy": "bce",
    "binary_cross_entropy_with_logits": "bce_with_logits",
    "kl_div": "kl_div",
    "poisson_nll_loss": "poisson_nll",
    "gaussian_nll_loss": "gaussian_nll",
    "soft_margin_loss": "soft_margin",
    "hinge_embedding_loss": "hinge_embedding",
    "cosine_embedding_loss": "cosine_embedding",
    "margin_ranking_loss": "margin_ranking",
}

TARGET_AT = {"cosine_embedding_loss": 2, "margin_ranking_loss": 2}
"""Position of the target, where it is not the second argument."""

DROPOUTS = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")

INVISIBLE = "<rhobar importlib._bootstrap>"


_is_compiling = torch.compiler.is_compiling
_tracing_state = torch._C._get_tracing_state
_functorch_stack = torch._C._functorch.peek_interpreter_stack


_graph_task = torch._C._current_graph_task_id
_modes = torch._C._len_torch_function_stack
"""How many modes would notice a look at a tensor's attribute."""


def transformed() -> bool:
    """Whether torch compiles, traces or transforms the program now: its tensors stand for others and hold no values."""
    return _is_compiling() or _tracing_state() is not None or _functorch_stack() is not None


def in_backward() -> bool:
    """Whether this thread runs a backward pass now."""
    return _graph_task() != -1


def aside() -> bool:
    """Whether what runs now is no pass of the program's own: transformed, or computed again inside a backward pass."""
    return (
        _is_compiling() or _graph_task() != -1 or _functorch_stack() is not None or _tracing_state() is not None
    )  # not by way of `transformed`: asked several times at every step


@runtime_checkable
class Listener(Protocol):
    """Who is told."""

    @property
    def settled(self) -> "Mapping[int, weakref.ref[nn.Module]]":
        """Modules of whose calls nobody wants to hear."""

    @property
    def lane(self) -> "ShortWay":
        """Where that of one known model is laid down."""

    def forward_started(self, module: nn.Module) -> None: ...
    def forward_ended(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None: ...
    def loss_called(self, kind: str, call: "LossCall") -> None: ...
    def dropout_called(self, p: float) -> None: ...
    def state_loaded(self, module: nn.Module) -> None: ...
    def compared(self, one: Any, other: Any) -> None: ...
    def loss_failed(self, kind: str, call: "LossCall") -> None: ...
    def backward_started(self, losses: Any) -> Any: ...
    def backward_ended(self, token: Any) -> None: ...
    def backward_failed(self, token: Any) -> None: ...
    def grad_called(self, outputs: Any, inputs: Any) -> Any: ...
    def loss_scaled(self, scaler: Any, losses: Any, scaled: Any) -> None: ...
    def scaler_steps(self) -> Any: ...
    def scaler_stepped(self, scaler: Any, optimizer: Optimizer, token: Any) -> None: ...
    def parameters_taken(self) -> None: ...
    def step_started(self, optimizer: Optimizer) -> None: ...
    def step_ended(self, optimizer: Optimizer) -> None: ...


class ShortWay(Protocol):
    """Where the pass of a model and its loss are laid down, if nobody wants to hear of them at once."""

    root: int
    heard: "tuple[tuple[Any, ...], dict[str, Any], Tensor] | None"
    call: "tuple[str, Any, tuple[Any, ...], dict[str, Any], Tensor] | None"

    def flush(self) -> None: ...


class LossCall:
    """One call of a functional loss: the function, what it got and what it gave."""

    __slots__ = ("args", "function", "kwargs", "value")

    def __init__(
        self, function: Callable[..., Tensor], args: tuple[Any, ...], kwargs: dict[str, Any], value: Any
    ) -> None:
        self.function, self.args, self.kwargs, self.value = function, args, kwargs, value

    @property
    def input(self) -> Any:
        """The prediction."""
        return self.args[0] if self.args else self.kwargs.get("input", self.kwargs.get("input1"))

    @property
    def divisor(self) -> int:
        """What a summed loss must be divided by to be a mean."""
        summed = self.kwargs.get("reduction", "mean") == "sum"
        x = self.target if self.function.__name__ in ("cross_entropy", "nll_loss") else self.input
        return max(int(x.numel()), 1) if summed and isinstance(x, Tensor) else 1

    @property
    def target(self) -> Any:
        """The target."""
        place = self._target_place
        return self.args[place] if len(self.args) > place else self.kwargs.get("target")

    @property
    def _target_place(self) -> int:
        return TARGET_AT.get(getattr(self.function, "__name__", ""), 1)

    def with_target(self, target: Any) -> "LossCall":
        """The same call with another target."""
        place = self._target_place
        if len(self.args) > place:
            return LossCall(self.function, (*self.args[:place], target, *self.args[place + 1 :]), self.kwargs, None)
        return LossCall(self.function, self.args, {**self.kwargs, "target": target}, None)


class Hooks:
    """Attach a listener to torch, and take everything back again."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._undo = contextlib.ExitStack()
        self._thread = threading.local()
        self._attached = False

    def attach(self) -> None:
        """Start listening."""
        started, ended = self._listener.step_started, self._listener.step_ended
        handles = [
            register_optimizer_step_pre_hook(lambda optimizer, args, kwargs: started(optimizer)),
            register_optimizer_step_post_hook(lambda optimizer, args, kwargs: ended(optimizer)),
        ]
        for handle in handles:
            self._undo.callback(handle.remove)
        self._attached = True
        self._patch(nn.Module, "__call__", self._around_call)
        self._patch(torch.autograd, "backward", self._around_backward)  # Tensor.backward comes by it
        self._patch(torch.autograd, "grad", self._around_grad)
        for name, kind in FUNCTIONAL_LOSSES.items():
            self._patch(F, name, functools.partial(self._around_loss, kind))

        for name in ("__eq__", "eq"):
            self._patch(torch.Tensor, name, self._around_equality)
        for name in DROPOUTS:
            self._patch(F, name, self._around_dropout)
        self._patch(nn.Module, "load_state_dict", self._around_load)
        self._patch(Optimizer, "add_param_group", self._around_groups)
        for scaler in (GradScaler, *GradScaler.__subclasses__()):
            for name, around in (("scale", self._around_scale), ("step", self._around_scaler_step)):
                if name in vars(scaler):
                    self._patch(scaler, name, around)

    def detach(self) -> None:
        """Stop listening and leave nothing behind."""
        self._attached = False
        self._undo.close()

    def _patch(self, owner: Any, name: str, around: Callable[[Any], Any]) -> None:
        original, own = getattr(owner, name), name in vars(owner)
        wrapper = around(original)
        # Warnings are attributed to the caller `stacklevel` frames up; frames named like importlib's are not counted.
        wrapper.__code__ = wrapper.__code__.replace(co_filename=INVISIBLE)
        setattr(owner, name, wrapper)

        def restore() -> None:
            wrapper._rhobar_over = True
            # If another watch has wrapped ours since, ours goes when that one does.
            while getattr(current := getattr(owner, name), "_rhobar_over", False):
                setattr(owner, name, current.__wrapped__)
            if not own and getattr(owner, name) is original:
                delattr(owner, name)

        self._undo.callback(restore)

    def _around_call(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """A tenth of what torch's global forward hooks cost each call, where there is nothing to tell.

        Modules of whose calls nothing is to be learned are called as `nn.Module` itself does it, without a frame more.
        """
        as_torch = original is nn.Module._wrapped_call_impl
        hooks, settled, lane = self, self._listener.settled, self._listener.lane
        started, ended = self._listener.forward_started, self._listener.forward_ended

        @functools.wraps(original)
        @no_type_check  # torch.compile looks into it, and would look into a checker around it
        def __call__(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
            if _is_compiling():
                return original(self, *args, **kwargs)
            if id(self) in settled and as_torch and self._compiled_call_impl is None:
                return self._call_impl(*args, **kwargs)
            # A method that was bound while watching may outlive the watch.
            if id(self) in settled or aside() or not hooks._attached:
                return original(self, *args, **kwargs)
            if lane.heard is not None:
                lane.flush()
            elif lane.root == id(self):
                output = original(self, *args, **kwargs)
                if lane.heard is None and type(output) is Tensor and not _modes() and output.grad_fn is not None:
                    lane.heard = args, kwargs, output
                    return output
                started(self)
                ended(self, args, kwargs, output)
                return output
            started(self)
            output = original(self, *args, **kwargs)
            ended(self, args, kwargs, output)
            return output

        called: Callable[..., Any] = __call__
        return called

    def _around_backward(self, original: Callable[..., Any]) -> Callable[..., Any]:
        started, ended, thread = self._listener.backward_started, self._listener.backward_ended, self._thread

        @functools.wraps(original)
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if getattr(thread, "inside", False) or aside():
                return original(tensors, *args, **kwargs)
            thread.inside = True
            try:
                token = started(tensors)
                try:
                    result = original(tensors, *args, **kwargs)
                except BaseException:
                    self._listener.backward_failed(token)
                    raise
                ended(token)
                return result
            finally:
                thread.inside = False

        return backward

    def _around_grad(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            create_graph = kwargs.get("create_graph", args[2] if len(args) > 2 else False)
            if getattr(self._thread, "inside", False) or create_graph or aside():
                return original(outputs, inputs, *args, **kwargs)
            if not isinstance(inputs, Tensor | Sequence):
                inputs = tuple(inputs) if isinstance(inputs, Iterable) else inputs  # a generator is read only once
            self._thread.inside = True
            try:
                token = self._listener.grad_called(outputs, inputs)
                try:
                    result = original(outputs, inputs, *args, **kwargs)
                except BaseException:
                    self._listener.backward_failed(token)
                    raise
                self._listener.backward_ended(token)
                return result
            finally:
                self._thread.inside = False

        return grad

    def _around_equality(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def equality(one: Any, other: Any) -> Any:
            if not _is_compiling() and _graph_task() == -1:
                self._listener.compared(one, other)
            return original(one, other)

        return equality

    def _around_load(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def load_state_dict(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            self._listener.state_loaded(module)
            return original(module, *args, **kwargs)

        return load_state_dict

    def _around_groups(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def add_param_group(optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
            result = original(optimizer, *args, **kwargs)
            self._listener.parameters_taken()
            return result

        return add_param_group

    def _around_scale(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def scale(scaler: Any, outputs: Any) -> Any:
            if isinstance(outputs, Iterable) and not isinstance(outputs, Tensor | Sequence):
                outputs = list(outputs)  # a generator is read only once
            scaled = original(scaler, outputs)
            self._listener.loss_scaled(scaler, outputs, scaled)
            return scaled

        return scale

    def _around_scaler_step(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def step(scaler: Any, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
            token = self._listener.scaler_steps()
            result = original(scaler, optimizer, *args, **kwargs)
            self._listener.scaler_stepped(scaler, optimizer, token)
            return result

        return step

    def _around_dropout(self, original: Callable[..., Any]) -> Callable[..., Any]:
        usual = original.__defaults__ or (0.5, True)

        @functools.wraps(original)
        def dropout(*args: Any, **kwargs: Any) -> Any:
            if not aside():
                p = kwargs.get("p", args[1] if len(args) > 1 else usual[0])
                training = kwargs.get("training", args[2] if len(args) > 2 else usual[1])
                if training and p:
                    self._listener.dropout_called(float(p))
            return original(*args, **kwargs)

        return _scriptable(dropout, original)

    def _around_loss(self, kind: str, original: Callable[..., Any]) -> Callable[..., Any]:
        called, lane = self._listener.loss_called, self._listener.lane

        @functools.wraps(original)
        def loss(*args: Any, **kwargs: Any) -> Any:
            if aside():
                return original(*args, **kwargs)
            try:
                value = original(*args, **kwargs)
            except Exception:
                self._listener.loss_failed(kind, LossCall(original, args, kwargs, None))
                raise
            else:
                heard = lane.heard
                if heard is not None:
                    if lane.call is None and args and args[0] is heard[2] and type(value) is Tensor:
                        lane.call = kind, original, args, kwargs, value
                        return value
                    lane.flush()
                called(kind, LossCall(original, args, kwargs, value))
            return value

        return _scriptable(loss, original)


def _scriptable(wrapper: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """torch.jit.script compiles the source of what it finds; with these marks it finds the original."""
    wrapper.__script_if_tracing_wrapper = True  # type: ignore[attr-defined]
    wrapper.__original_fn = original  # type: ignore[attr-defined]
    return wrapper
