"""Tasks: for a kind of model and a data set, the loss, the batches and the judgement."""

from rhobar.train.tasks.adversarial import Adversarial
from rhobar.train.tasks.classify import Classify
from rhobar.train.tasks.contrast import Contrast
from rhobar.train.tasks.forecast import Forecast
from rhobar.train.tasks.masked_token import MaskedToken
from rhobar.train.tasks.next_token import NextToken
from rhobar.train.tasks.nodes import Nodes
from rhobar.train.tasks.reconstruct import Reconstruct
from rhobar.train.tasks.task import Task
from rhobar.train.tasks.translate import Translate

__all__ = [
    "Adversarial",
    "Classify",
    "Contrast",
    "Forecast",
    "MaskedToken",
    "NextToken",
    "Nodes",
    "Reconstruct",
    "Task",
    "Translate",
]
