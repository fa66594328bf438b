"""Weights & Biases, offline: a run's numbers as its history, settings as its configuration. Nothing leaves the machine.

``wandb sync`` uploads what lies in the folder, if that is wanted.
"""

from pathlib import Path

from rhobar.record.store import Run
from rhobar.record.store.scalars import scalars, summary

__all__ = ["export"]


def export(run: Run, folder: Path, *, project: str = "rhobar") -> str:
    """Write an offline run, and return how to upload it.

    Args:
        run: The run, ended or not.
        folder: Where the folder ``wandb`` with the run is made.
        project: Name of the project.

    Raises:
        ImportError: If wandb is not installed.
    """
    try:
        import wandb
    except ImportError as error:
        raise ImportError("This needs wandb; install the extra: pip install 'rhobar[export]'.") from error
    folder.mkdir(parents=True, exist_ok=True)
    settings = wandb.Settings(
        mode="offline", silent=True, console="off", save_code=False, disable_git=True, x_disable_stats=True,
        x_disable_meta=True, x_disable_machine_info=True,
    )  # fmt: skip
    facts = summary(run)
    with wandb.init(
        project=project,
        name=run.path.parent.name,
        dir=str(folder),
        config=facts,
        settings=settings,
        reinit="create_new",
    ) as made:
        for step, values in scalars(run):
            made.log(values, step=step)
        made.summary.update({key: facts[key] for key in ("state", "headline") if key in facts})
    return f"wandb sync {folder}/wandb/offline-run-*"
