"""The data sets of the laboratory: small, offline, learnable in seconds; a new one adds a row."""

from rhobar.faults.data.dataset import Dataset
from rhobar.faults.data.images import IMAGES
from rhobar.faults.data.sequences import SEQUENCES, WORDS
from rhobar.faults.data.tables import TABLES

__all__ = ["DATA", "Dataset"]

DATA = {data.name: data for data in (*TABLES, *IMAGES, *SEQUENCES, *WORDS)}
