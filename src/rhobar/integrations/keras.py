"""Keras 3 on the torch backend: a callback that watches ``model.fit`` and says at its end what is wrong.

The layers of a Keras model are not torch modules within it, and its optimizer is none of torch's. So the names come
from its variables, the steps from its optimizer (`rhobar.integrations.keras_optimizer`), the losses of validations
from its logs. The diagnosis lists what stays unseen.
"""

from collections.abc import Callable, Iterator
from typing import Any

try:
    import keras
except ImportError as error:
    raise ImportError(
        f"This callback needs Keras 3 on torch ({error}); install the extra: pip install 'rhobar[integrations]', "
        "and set KERAS_BACKEND=torch."
    ) from error

from rhobar.diagnose.live import Run
from rhobar.integrations.keras_optimizer import follow
from rhobar.integrations.watching import Watching

__all__ = ["RhobarCallback"]


class RhobarCallback(Watching, keras.callbacks.Callback):
    """Hand it to ``model.fit(callbacks=[...])``.

    Takes the arguments of `rhobar.integrations.watching.Watching`. Keras does not tell its callbacks of exceptions:
    after one, ``callback.end()`` stops watching; the next training does so, too.

    Raises:
        RuntimeError: If Keras runs on another backend.

    Example:
        >>> callback = RhobarCallback(quiet=True)  # then model.fit(..., callbacks=[callback])
        >>> callback.diagnosis is None
        True
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if keras.backend.backend() != "torch":
            raise RuntimeError(
                f"Keras must run on torch to be watched, got the backend {keras.backend.backend()!r}; "
                "set KERAS_BACKEND=torch before Keras is imported."
            )
        self._unfollow: Callable[[], None] = lambda: None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Watch from here."""
        self._unfollow()
        self._unfollow = lambda: None
        run = self.begin(self.model)
        for tensor, name, kind in _parameters(self.model):
            run.observer.names.give(tensor, name, kind)
        if self.model.optimizer is not None:
            self._unfollow = follow(self.model.optimizer, self.model.trainable_variables, run.observer)
        _note_unseen(run, self.model.optimizer)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Note how a validation went."""
        if self.run is not None and logs and "loss" in logs:
            accuracy = logs.get("accuracy")
            self.run.observer.evaluated(float(logs["loss"]), None if accuracy is None else float(accuracy))

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Tell."""
        self._unfollow()
        self._unfollow = lambda: None
        self.end()


def _parameters(layer: Any, path: str = "") -> Iterator[tuple[Any, str, str]]:  # noqa: ANN401
    """Parameters with their names and the types of the layers that hold them; inner layers come last and prevail."""
    for variable in layer.variables:
        yield variable.value, variable.path.removeprefix(path).replace("/", "."), type(layer).__name__
    for inner in getattr(layer, "layers", ()):
        yield from _parameters(inner, path or f"{layer.name}/")


def _note_unseen(run: Run, optimizer: Any) -> None:  # noqa: ANN401
    note = run.observer.guard.note
    note("modes of Keras's dropout and batch normalisation", "its layers are not torch modules")
    if optimizer is not None and any(getattr(optimizer, n, None) for n in ("clipnorm", "clipvalue", "global_clipnorm")):
        note("clipped gradients", "Keras clips them inside its optimizer")
    if optimizer is not None and type(optimizer).__name__ == "LossScaleOptimizer":
        note("unscaled gradients", "Keras unscales them inside its optimizer; those seen hold the scale of the loss")
