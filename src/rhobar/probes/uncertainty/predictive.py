"""Uncertainty of several predictions of the same samples, split into noise of the data and doubt of the model.

    H[mean_m p_m] = mean_m H[p_m] + I,      total = aleatoric + epistemic

I, the information that a prediction has about which member made it, is zero where members agree.

Textbook: B15[Prob].

References:
    Lakshminarayanan, Pritzel and Blundell (2017), Simple and scalable predictive uncertainty estimation using deep
    ensembles, section 2.4.
    Gal and Ghahramani (2016), Dropout as a Bayesian approximation, eq. 6.
    Houlsby et al. (2011), Bayesian active learning for classification, eq. 2 (BALD).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rhobar.probes.estimate import Estimate, mean_of, share_of
from rhobar.probes.representations import inputs_of
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager
from rhobar.probes.uncertainty.predictions import checked_probabilities, predicted_logits

__all__ = ["Predictive", "deep_ensemble", "mc_dropout", "predictive"]

_DROPOUT = (nn.modules.dropout._DropoutNd,)


@dataclass(frozen=True)
class Predictive:
    """The mean prediction and its uncertainty.

    Attributes:
        probabilities: mean_m p_m.
        stderr: Of the probabilities, over members.
        total: Mean over samples of H[mean p], in nats.
        aleatoric: Mean of H[p_m].
        epistemic: Mean of I.
        accuracy: Of the mean prediction.
        nll: Mean negative log-likelihood of the mean prediction.
        member_nll: The same, averaged over members; never smaller.
        doubts: I of each sample.
        num_members: Predictions of each sample.
    """

    probabilities: Float[Tensor, "samples classes"] = field(repr=False)
    stderr: Float[Tensor, "samples classes"] = field(repr=False)
    total: Estimate
    aleatoric: Estimate
    epistemic: Estimate
    accuracy: Estimate
    nll: Estimate
    member_nll: Estimate
    doubts: Float[Tensor, " samples"] = field(repr=False)
    num_members: int


def predictive(members: Float[Tensor, "members samples classes"], classes: Int[Tensor, " samples"]) -> Predictive:
    """Combine the predictions of several members.

    Args:
        members: Probabilities.
        classes: The true classes.

    Raises:
        ValueError: If there are fewer than two members, or probabilities and classes do not fit.

    Example:
        >>> p = torch.tensor([[[1.0, 0.0]] * 2, [[0.0, 1.0]] * 2])  # each is sure of something else
        >>> found = predictive(p, torch.tensor([0, 1]))
        >>> round(found.total.value, 3), found.aleatoric.value, round(found.epistemic.value, 3)
        (0.693, 0.0, 0.693)
    """
    if members.dim() != 3 or members.shape[0] < 2:
        raise ValueError(f"members must have the shape (members, samples, classes), two at least, got {members.shape}.")
    p, classes = members.detach().double().cpu(), classes.cpu()
    for one in p:
        checked_probabilities(one, classes)
    mean, m = p.mean(0), p.shape[0]
    total = torch.special.entr(mean).sum(1)
    inner = torch.special.entr(p).sum(2).mean(0)
    own = mean.gather(1, classes[:, None])[:, 0]
    each = p.gather(2, classes.expand(m, -1)[..., None])[..., 0]
    tiny = torch.finfo(torch.float64).tiny
    return Predictive(
        mean,
        p.std(0) / m**0.5,
        mean_of(total),
        mean_of(inner),
        mean_of(total - inner),
        share_of(mean.argmax(1) == classes),
        mean_of(-own.clamp_min(tiny).log()),
        mean_of(-each.clamp_min(tiny).log().mean(0)),
        (total - inner).clamp_min(0),
        m,
    )


def deep_ensemble(models: Sequence[nn.Module], batches: Iterable[object]) -> Predictive:
    """Combine models that were trained apart, each in eval mode.

    Args:
        models: Classifiers that return logits.
        batches: Pairs (inputs, classes).

    Note:
        A `ValueError` is raised if there are fewer than two models, or they are not classifiers.

    Example:
        >>> models = [nn.Linear(2, 3) for _ in range(3)]
        >>> deep_ensemble(models, [(torch.zeros(4, 2), torch.zeros(4).long())]).num_members
        3
    """
    batches = list(batches)
    found = [predicted_logits(model, batches) for model in models]
    classes = found[0][1] if found else torch.zeros(0).long()
    return predictive(torch.stack([z.softmax(1) for z, _ in found]) if found else torch.zeros(0, 0, 0), classes)


def mc_dropout(model: nn.Module, batches: Iterable[object], *, num_passes: int = 20, seed: int = 0) -> Predictive:
    """Combine passes with dropout on, and all else in eval mode.

    Args:
        model: A classifier that returns logits; it is left as it was.
        batches: Pairs (inputs, classes).
        num_passes: Passes.
        seed: Of the masks, since dropout draws from the global generators; they are restored.

    Raises:
        ValueError: If the model has no dropout that drops anything, or is no classifier.

    Example:
        >>> model = nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 3))
        >>> mc_dropout(model, [(torch.ones(4, 2), torch.zeros(4).long())]).epistemic.value > 0
        True
    """
    model = eager(model)
    drops = [m for m in model.modules() if isinstance(m, _DROPOUT) and m.p > 0]
    recurrent = [m for m in model.modules() if isinstance(m, nn.RNNBase) and m.dropout > 0]
    attending = [m for m in model.modules() if isinstance(m, nn.MultiheadAttention) and m.dropout > 0]
    if not drops and not recurrent and not attending:
        raise ValueError("The model must have a module of dropout with p > 0, and has none; use an ensemble instead.")
    batches = list(batches)
    passes = []
    with restored(model):
        model.eval()
        for module in (*drops, *recurrent, *attending):
            module.training = True
        torch.manual_seed(seed)
        for _ in range(num_passes):
            with torch.no_grad():
                rows = [model(*x) if isinstance(x, tuple) else model(x) for x, _ in map(inputs_of, batches)]
            passes.append(torch.cat([z.double().cpu() for z in rows]).softmax(1))
        _, classes = predicted_logits(model, batches)
    return predictive(torch.stack(passes), classes)
