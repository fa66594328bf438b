"""`rb.watch`: watch a training in your own loop, then ask for the diagnosis."""

from pathlib import Path
from typing import Any

from torch import nn
from torch.optim.optimizer import Optimizer

from rhobar.diagnose.ranking import diagnose_record, judge
from rhobar.diagnose.trials.confirm import confirm as confirmed
from rhobar.record import Diagnosis
from rhobar.record.store import Store
from rhobar.watch.watcher import Watcher

__all__ = ["Run", "watch"]


class Run(Watcher):
    """A watched training: a `Watcher` that can also be asked what is wrong."""

    def diagnosis(self, *, confirm: bool = False, confirm_seconds: float = 30.0) -> Diagnosis:
        """Judge what has been seen so far.

        Args:
            confirm: Put the remedies of the leading causes to the test, by running the first steps again with and
                without them; needs ``watch(..., confirm=True)``, and the watch to have ended.
            confirm_seconds: Most time that this may take.

        Raises:
            RuntimeError: If trials are asked for while the training is still watched.
        """
        if confirm and self.running:
            raise RuntimeError("remedies are tried after the training: leave the `with` block or call stop() first.")
        if confirm:
            diagnosis = confirmed(self, self.record, judge(self.record), seconds=confirm_seconds)
        else:
            diagnosis = diagnose_record(self.record)
        if self.store is not None and not self.running:
            self.store.conclude(diagnosis)
        return diagnosis

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.diagnosis().headline)}</p>"


def watch(
    model: nn.Module | None = None,
    optimizer: Optimizer | None = None,
    *,
    loss: Any = None,  # noqa: ANN401
    budget: float | None = 0.02,
    confirm: bool = False,
    out: str | Path | None = None,
) -> Run:
    """Watch the training of `model` (of everything in this process if ``None``).

    Use it as a context manager or by ``.start()`` and ``.stop()``; the loop itself stays as it is. Weights, losses and
    random numbers are the same with and without.

    Args:
        model: The network.
        optimizer: Its optimizer.
        loss: The loss function; it is recognised from the autograd graph, so this is for documentation only.
        budget: Share of the run time that watching may add; ``None`` reads everything at every step.
        confirm: Keep a copy of the first weights and batches, for ``run.diagnosis(confirm=True)``.
        out: Folder in which to keep the run, written while it runs and read by `rhobar.record.store.Run`; ``None``
            keeps it in memory alone.

    Returns:
        A run with ``.record``, the plain data, and ``.diagnosis()``, the findings.

    Example:
        >>> import torch, rhobar as rb
        >>> model = torch.nn.Linear(3, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> x, y = torch.randn(8, 3), torch.randn(8, 1)
        >>> with rb.watch(model, optimizer) as run:
        ...     for _ in range(3):
        ...         optimizer.zero_grad()
        ...         torch.nn.functional.mse_loss(model(x), y).backward()
        ...         _ = optimizer.step()
        >>> run.record.trainings[0].num_steps
        3
    """
    name = type(model).__name__ if model is not None else "training"
    store = None if out is None else Store(out, name=name)
    return Run(model, optimizer, budget=budget, name=name, keep_start=confirm, store=store)
