"""Data sets for presets, examples and experiments: real, small, and split by a seed.

`DATASETS` lists them; `load(name, seed=0)` reads one. None is fetched over the network: they come with packages of the
extra ``data``, are generated, or lie at a path.
"""

from rhobar.train.data.dataset import DataSet, MissingData
from rhobar.train.data.table import DATASETS, load

__all__ = ["DATASETS", "DataSet", "MissingData", "load"]
