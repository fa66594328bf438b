"""Training strategies: what is shown, what is trained, and what is kept.

Each goes with `fit` or any loop: `Curriculum` orders the samples, `gradual_unfreezing` and `discriminative_groups`
transfer, `UncertaintyWeighting` joins tasks, `prototypical_loss` and `maml_loss` learn to learn from few samples,
`lottery_rounds` prunes, `distillation` teaches a small network.
"""

from rhobar.train.strategies.curriculum import Curriculum, margins
from rhobar.train.strategies.distillation import distillation, distillation_loss, taught
from rhobar.train.strategies.episodes import Episode, FewShotAccuracy, draw_episode, few_shot_accuracy
from rhobar.train.strategies.lottery import Masks, Ticket, apply_masks_, lottery_rounds, magnitude_masks, prunable
from rhobar.train.strategies.maml import adapted, maml_logits, maml_loss
from rhobar.train.strategies.multi_task import UncertaintyWeighting, gradient_conflict, weighted_sum
from rhobar.train.strategies.prototypical import prototypes, prototypical_logits, prototypical_loss
from rhobar.train.strategies.transfer import discriminative_groups, freeze, gradual_unfreezing, unfreeze

__all__ = [
    "Curriculum",
    "Episode",
    "FewShotAccuracy",
    "Masks",
    "Ticket",
    "UncertaintyWeighting",
    "adapted",
    "apply_masks_",
    "discriminative_groups",
    "distillation",
    "distillation_loss",
    "draw_episode",
    "few_shot_accuracy",
    "freeze",
    "gradient_conflict",
    "gradual_unfreezing",
    "lottery_rounds",
    "magnitude_masks",
    "maml_logits",
    "maml_loss",
    "margins",
    "prototypes",
    "prototypical_logits",
    "prototypical_loss",
    "prunable",
    "taught",
    "unfreeze",
    "weighted_sum",
]
