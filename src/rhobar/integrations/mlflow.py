"""MLflow: a run's numbers as metrics in a local SQLite tracking store, settings as parameters, findings as tags."""

import os
import time
from pathlib import Path

from rhobar.record.store import Run
from rhobar.record.store.scalars import scalars, summary

__all__ = ["export"]

_BATCH = 1000
"""Most metrics of one call of MLflow's."""
_LONGEST = 5000
"""Characters of the longest parameter or tag."""


def export(run: Run, folder: Path, *, experiment: str = "rhobar") -> str:
    """Write a run to ``mlflow.db`` in a folder, and return how to look at it.

    Args:
        run: The run, ended or not.
        folder: Where ``mlflow.db`` is, or is made; runs are added to those in it.
        experiment: Name of the experiment.

    Raises:
        ImportError: If MLflow is not installed.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read at import: nothing is to leave the machine
    try:
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param, RunTag
    except ImportError as error:
        raise ImportError("This needs mlflow; install the extra: pip install 'rhobar[export]'.") from error
    folder.mkdir(parents=True, exist_ok=True)
    uri = f"sqlite:///{folder.absolute() / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=uri)
    known = client.get_experiment_by_name(experiment)
    made = (
        known.experiment_id
        if known
        else client.create_experiment(experiment, (folder / "artifacts").absolute().as_uri())
    )
    target = client.create_run(made, run_name=run.path.parent.name).info.run_id
    now = int(1000 * time.time())
    # "%" may not stand in a name of MLflow's; ":" may, and stands in none of ours.
    metrics = [
        Metric(tag.replace("%", ":"), v, now, step) for step, values in scalars(run) for tag, v in values.items()
    ]
    for i in range(0, len(metrics), _BATCH):
        client.log_batch(target, metrics=metrics[i : i + _BATCH])
    facts = {key: str(value)[:_LONGEST] for key, value in summary(run).items()}
    tags = {"headline", "state", "causes", "symptoms", "notes"}
    client.log_batch(
        target,
        params=[Param(key, value) for key, value in facts.items() if key not in tags],
        tags=[RunTag(f"rhobar.{key}", value) for key, value in facts.items() if key in tags],
    )
    client.set_terminated(target, {"failed": "FAILED", "broken off": "KILLED"}.get(run.state, "FINISHED"))
    return f"mlflow ui --backend-store-uri {uri}"
