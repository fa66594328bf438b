"""The run store: one directory a run, one SQLite file in it, readable while it is written. See docs/runs.md."""

from rhobar.record.store.difference import Change, Difference, Parting, TrainingDifference, difference
from rhobar.record.store.files import StoreError, new_folder
from rhobar.record.store.run import Run, find_runs
from rhobar.record.store.store import Batch, Series, Source, Store

__all__ = [
    "Batch",
    "Change",
    "Difference",
    "Parting",
    "Run",
    "Series",
    "Source",
    "Store",
    "StoreError",
    "TrainingDifference",
    "difference",
    "find_runs",
    "new_folder",
]
