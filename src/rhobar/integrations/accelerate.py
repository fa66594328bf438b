"""Hugging Face Accelerate: `rb.watch` for a model that an accelerator has prepared."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import nn

try:
    from accelerate import Accelerator
except ImportError as error:
    raise ImportError(
        f"This needs accelerate ({error}); install the extra: pip install 'rhobar[integrations]'."
    ) from error

from rhobar.diagnose.live import Run
from rhobar.integrations.watching import Watching

__all__ = ["watch"]


@contextmanager
def watch(
    accelerator: Accelerator,
    model: nn.Module | None = None,
    *,
    budget: float | None = 0.02,
    confirm: bool = False,
    out: Path | str | None = None,
    quiet: bool = False,
) -> Iterator[Run]:
    """Watch the training of `model` (of all if ``None``) in the body, then tell on the main process.

    What Accelerate wraps around the model is taken off, so that its layers have the names that they were given; the
    factors of gradient accumulation and of loss scaling are taken out of the losses.

    Args:
        accelerator: Whose process it is.
        model: What ``accelerator.prepare`` returned.
        budget: Share of the run time that watching may add; ``None`` reads everything at every step.
        confirm: Put the remedies of the leading causes to the test when the body has ended.
        out: Folder for ``report.html``; ``None`` writes nothing.
        quiet: Print nothing.

    Yields:
        The run, with ``.record`` and ``.diagnosis()``.

    Example:
        >>> import torch
        >>> accelerator = Accelerator(cpu=True)
        >>> model = torch.nn.Linear(3, 1)
        >>> model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
        >>> with watch(accelerator, model, quiet=True) as run:
        ...     for _ in range(3):
        ...         accelerator.backward(model(torch.ones(2, 3)).square().mean())
        ...         optimizer.step()
        ...         optimizer.zero_grad()
        >>> run.record.trainings[0].num_steps
        3
    """
    watching = Watching(budget=budget, confirm=confirm, out=out, quiet=quiet)
    run = watching.begin(None if model is None else accelerator.unwrap_model(model))
    try:
        yield run
    except BaseException as error:
        watching.end(error, speaks=accelerator.is_main_process)
        raise
    watching.end(speaks=accelerator.is_main_process)
