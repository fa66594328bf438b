"""TensorBoard: a run's numbers as scalars, its settings and diagnosis as text."""

import html
import json
from pathlib import Path

from rhobar.record.store import Run
from rhobar.record.store.scalars import scalars, summary

__all__ = ["export"]


def export(run: Run, folder: Path) -> str:
    """Write event files for a run, and return how to look at them.

    Args:
        run: The run, ended or not.
        folder: Where the event files go; ``tensorboard --logdir`` reads it.

    Raises:
        ImportError: If TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ImportError("This needs tensorboard; install the extra: pip install 'rhobar[export]'.") from error
    with SummaryWriter(str(folder)) as writer:
        for step, values in scalars(run):
            for tag, value in values.items():
                writer.add_scalar(tag, value, step)
        # TensorBoard renders Markdown: an indented block shows what it holds and nothing else.
        text = html.escape(json.dumps(summary(run), indent=2, ensure_ascii=True))
        writer.add_text("run", "\n".join(f"    {line}" for line in text.splitlines()), 0)
    return f"tensorboard --logdir {folder}"
