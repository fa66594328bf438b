"""Hugging Face transformers: a callback that watches ``Trainer.train`` and says at its end what is wrong."""

from typing import Any

try:
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
except ImportError as error:
    raise ImportError(
        f"This callback needs transformers ({error}); install the extra: pip install 'rhobar[integrations]'."
    ) from error

from rhobar.integrations.watching import Watching

__all__ = ["RhobarCallback"]


class RhobarCallback(Watching, TrainerCallback):
    """Hand it to ``Trainer(callbacks=[...])``.

    Takes the arguments of `rhobar.integrations.watching.Watching`. On several ranks each watches its own training, and
    the first one speaks. A `Trainer` does not tell its callbacks of exceptions: after one, ``callback.end()`` stops
    watching; the next training does so, too.

    Example:
        >>> callback = RhobarCallback(quiet=True)  # then Trainer(..., callbacks=[callback]).train()
        >>> callback.diagnosis is None
        True
    """

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Watch from here."""
        self.begin(kwargs["model"])

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Tell."""
        self.end(speaks=state.is_world_process_zero)
