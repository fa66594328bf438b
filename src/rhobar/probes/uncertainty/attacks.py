"""Accuracy under worst-case changes of the inputs within ‖δ‖_∞ ≤ ε.

    FGSM   δ = ε sign(∂ℓ/∂x)
    PGD    δ ← clip(δ + a sign(∂ℓ/∂x), ±ε), from a random start, repeated

The accuracy under attack is an upper bound of the robust accuracy: a better attack may find more.

References:
    Goodfellow, Shlens and Szegedy (2015), Explaining and harnessing adversarial examples, section 4.
    Madry et al. (2018), Towards deep learning models resistant to adversarial attacks, section 2.1.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rhobar.probes.estimate import Estimate, share_of
from rhobar.probes.representations import inputs_of
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import eager
from rhobar.probes.uncertainty.predictions import predicted_logits

__all__ = ["AttackedAccuracy", "adversarial_accuracy"]


@dataclass(frozen=True)
class AttackedAccuracy:
    """Accuracy before and under attack.

    Attributes:
        clean: Before.
        attacked: Under attack; a sample counts as right if it is right before and after it.
        eps: ε.
        num_steps: One for FGSM.
    """

    clean: Estimate
    attacked: Estimate
    eps: float
    num_steps: int


def adversarial_accuracy(
    model: nn.Module,
    batches: Iterable[object],
    *,
    eps: float,
    num_steps: int = 10,
    step_size: float | None = None,
    bounds: tuple[float, float] | None = None,
    generator: torch.Generator | None = None,
) -> AttackedAccuracy:
    """Measure the accuracy of a classifier under attack, in eval mode.

    Args:
        model: A classifier that returns logits; it is left as it was.
        batches: Pairs (inputs, classes); the inputs are one floating tensor each.
        eps: ε, in the inputs' unit.
        num_steps: 1 for FGSM, more for PGD.
        step_size: a, by default 2.5 ε / num_steps.
        bounds: Range of valid inputs, such as (0, 1) for images.
        generator: Source of PGD's start; by default one seeded with zero.

    Raises:
        ValueError: If ε is negative, there is no step, or inputs are not floating tensors.

    Example:
        >>> model = nn.Linear(1, 2, bias=False)
        >>> _ = model.load_state_dict({"weight": torch.tensor([[-1.0], [1.0]])})  # class 1 for x > 0
        >>> x = torch.tensor([[0.1], [0.5]])
        >>> found = adversarial_accuracy(model, [(x, torch.ones(2).long())], eps=0.2, num_steps=1)
        >>> found.clean.value, found.attacked.value
        (1.0, 0.5)
    """
    if not eps >= 0 or num_steps < 1:
        raise ValueError(f"eps must not be negative and num_steps at least 1, got {eps} and {num_steps}.")
    batches = list(batches)
    logits, classes = predicted_logits(model, batches)
    before = logits.argmax(1) == classes
    generator = generator or torch.Generator().manual_seed(0)
    model = eager(model)
    after = []
    with restored(model), torch.inference_mode(False), torch.enable_grad():
        model.eval()
        model.requires_grad_(False)
        for x, y in map(inputs_of, batches):
            if not isinstance(x, Tensor) or not isinstance(y, Tensor) or not x.is_floating_point():
                raise ValueError("The inputs must be floating tensors: words and indices have no gradient.")
            moved = _attacked(model, x, y, eps, num_steps, step_size or 2.5 * eps / num_steps, bounds, generator)
            with torch.no_grad():
                after.append((model(moved).argmax(1) == y).cpu())
    return AttackedAccuracy(share_of(before), share_of(before & torch.cat(after)), eps, num_steps)


def _attacked(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    eps: float,
    num_steps: int,
    a: float,
    bounds: tuple[float, float] | None,
    generator: torch.Generator,
) -> Tensor:
    delta = torch.zeros_like(x)
    if num_steps > 1:
        delta += eps * (2 * torch.rand(x.shape, generator=generator).to(x) - 1)
    a = eps if num_steps == 1 else a
    for _ in range(num_steps):
        at = (x + delta).detach().requires_grad_()
        (g,) = torch.autograd.grad(F.cross_entropy(model(at), y, reduction="sum"), at)
        delta = (delta + a * g.sign()).clamp_(-eps, eps)
        if bounds is not None:
            delta = (x + delta).clamp(*bounds) - x
    return (x + delta).detach()
