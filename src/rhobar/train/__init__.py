"""Training: `fit`, a generator of steps, and what goes into it.

`rhobar.train.schedules` holds the schedules of the learning rate, `rhobar.train.data` the data sets.
"""

from rhobar.train.batches import Batches
from rhobar.train.checkpoint import CorruptCheckpoint, read_checkpoint, write_checkpoint
from rhobar.train.evaluate import accuracy, evaluate
from rhobar.train.fit import fit
from rhobar.train.gradient import clip_norm_, clip_value_
from rhobar.train.mixup import Mixture, draw_mixture, mixed_cost
from rhobar.train.penalty import decay_groups, penalty, weights
from rhobar.train.randomness import seed_all
from rhobar.train.ranks import RankLost
from rhobar.train.schedules import SCHEDULES, Schedule, constant, cosine, one_cycle, plateau, stepwise, warmup
from rhobar.train.step import Evaluation, Step
from rhobar.train.stopping import EarlyStopping

__all__ = [
    "SCHEDULES",
    "Batches",
    "CorruptCheckpoint",
    "EarlyStopping",
    "Evaluation",
    "Mixture",
    "RankLost",
    "Schedule",
    "Step",
    "accuracy",
    "clip_norm_",
    "clip_value_",
    "constant",
    "cosine",
    "decay_groups",
    "draw_mixture",
    "evaluate",
    "fit",
    "mixed_cost",
    "one_cycle",
    "penalty",
    "plateau",
    "read_checkpoint",
    "seed_all",
    "stepwise",
    "warmup",
    "weights",
    "write_checkpoint",
]
