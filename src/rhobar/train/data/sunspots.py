"""Sunspots a year, 1700 to 2008: a series with a cycle of about eleven years."""

import torch

from rhobar.train.data.dataset import DataSet, require

__all__ = ["sunspots"]


def sunspots(seed: int = 0, *, past: int = 33, horizon: int = 1) -> DataSet:
    """Windows of the past (33, 1), three cycles, and the year after them, in the order of time.

    The years to predict: training until 1899, validation 1900 to 1949, test from 1950; no window of a later part
    predicts a year of an earlier one. Numbers are standardised by the training years; `scale` is their standard
    deviation. The seed has no say: time gives the order.

    Reference: Royal Observatory of Belgium, by statsmodels.

    Example:
        >>> sunspots().sizes()
        {'train': 167, 'validation': 50, 'test': 59}
    """
    frame = require("statsmodels.datasets", "statsmodels").sunspots.load_pandas().data
    years, counts = (torch.tensor(frame[key].to_numpy(), dtype=torch.float32) for key in ("YEAR", "SUNACTIVITY"))
    known = counts[years < 1900]
    values = (counts - known.mean()) / known.std()
    windows = values.unfold(0, past + horizon, 1)
    first = years[past : past + len(windows)]
    last = first + horizon - 1
    inside = [last < 1900, (first >= 1900) & (last < 1950), first >= 1950]
    train, validation, test = ((windows[rows, :past, None], windows[rows, past:]) for rows in inside)
    return DataSet("sunspots", train, validation, test, outputs=horizon, scale=float(known.std()), season=11)
