"""Lightning: a callback that watches ``Trainer.fit``, validation included, and says at its end what is wrong."""

from typing import Any

try:
    from lightning.pytorch import Callback, LightningModule, Trainer
except ImportError as error:
    raise ImportError(
        f"This callback needs lightning ({error}); install the extra: pip install 'rhobar[integrations]'."
    ) from error

from rhobar.integrations.watching import Watching

__all__ = ["RhobarCallback"]


class RhobarCallback(Watching, Callback):
    """Hand it to ``Trainer(callbacks=[...])``; optimization may be automatic or manual.

    Takes the arguments of `rhobar.integrations.watching.Watching`. On several ranks each watches its own training, and
    the first one speaks. What Lightning's own tuners do before the first step (a learning-rate finder) is watched, too.

    Example:
        >>> callback = RhobarCallback(quiet=True)
        >>> trainer = Trainer(callbacks=[callback], max_epochs=3, logger=False)  # then trainer.fit(...)
        >>> callback.diagnosis is None
        True
    """

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Watch from here."""
        self.begin(pl_module)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Tell."""
        self.end(speaks=trainer.is_global_zero)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Tell what was seen before the training broke off."""
        self.end(exception, speaks=trainer.is_global_zero)

    def __getstate__(self) -> dict[str, Any]:
        """A watched run belongs to its process: it does not travel to those that a strategy spawns."""
        return {**vars(self), "run": None}
