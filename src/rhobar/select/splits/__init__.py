"""Ways to divide samples into what is fitted on and what is held out; each a list of `Split`s."""

from rhobar.select.splits.grouped import grouped_k_fold
from rhobar.select.splits.k_fold import k_fold
from rhobar.select.splits.split import Split
from rhobar.select.splits.stratified import stratified_k_fold

__all__ = ["Split", "grouped_k_fold", "k_fold", "stratified_k_fold"]
