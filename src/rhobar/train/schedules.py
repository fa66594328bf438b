"""Learning-rate schedules: each names one of torch's schedulers and is told the length of the training.

η₀ is the optimizer's own rate, T the number of steps of the training, t = 0, 1, … counts steps.
"""

from collections.abc import Callable

from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from torch.optim.optimizer import Optimizer

__all__ = ["SCHEDULES", "Schedule", "constant", "cosine", "one_cycle", "plateau", "stepwise", "warmup"]

Schedule = Callable[[Optimizer, int, int], LRScheduler]
"""(optimizer, steps of the training, steps of an epoch) ↦ torch's scheduler. It is stepped after every update, one that
waits for a plateau after every epoch."""


def constant() -> Schedule:
    """Keep η_t = η₀.

    With a constant rate stochastic gradients end in a ball of noise around a minimum; convergence needs Ση = ∞ and
    Ση² < ∞.

    Textbook: B18, B29
    """
    return lambda optimizer, steps, epoch: ConstantLR(optimizer, 1.0, 0)


def stepwise(every: int = 10, factor: float = 0.1) -> Schedule:
    """Multiply the rate by a factor every so many epochs: η_t = η₀ factor^⌊epoch/every⌋.

    Raises:
        ValueError: If `every` is below 1 or the factor not in (0, 1].

    Textbook: B29
    """
    if every < 1 or not 0 < factor <= 1:
        raise ValueError(f"every must be at least 1 and factor in (0, 1], got {every} and {factor}.")
    return lambda optimizer, steps, epoch: StepLR(optimizer, every * epoch, factor)


def cosine(final: float = 0.0) -> Schedule:
    """Fall along half a cosine: η_t = η₀ [f + (1 − f)(1 + cos(πt/T))/2].

    Args:
        final: f, the share of η₀ that is left after the last step.

    Raises:
        ValueError: If the share is not in [0, 1].

    Reference: Loshchilov and Hutter (2017), SGDR, equation 5, without restarts.
    Textbook: B29
    """
    if not 0 <= final <= 1:
        raise ValueError(f"final must be a share of the first rate in [0, 1], got {final}.")

    def make(optimizer: Optimizer, steps: int, epoch: int) -> LRScheduler:
        lowest = final * max(float(group["lr"]) for group in optimizer.param_groups)
        return CosineAnnealingLR(optimizer, max(steps, 1), eta_min=lowest)

    return make


def warmup(steps: int, then: Schedule | None = None, *, start: float = 0.01) -> Schedule:
    """Rise linearly to the rate at which another schedule begins: η_t = η₀ [s + (1 − s) t/W] for t < W.

    The other schedule is told that T − W steps are left.

    Args:
        steps: W, at least 1.
        then: What follows; constant if None.
        start: s in (0, 1], the share of η₀ at the first step.

    Raises:
        ValueError: If W or s is out of range, or what follows waits for a plateau.

    Reference: Goyal et al. (2017), Accurate, large minibatch SGD, section 2.2.
    Textbook: B29
    """
    if steps < 1 or not 0 < start <= 1:
        raise ValueError(f"steps must be at least 1 and start in (0, 1], got {steps} and {start}.")
    follow = then or constant()

    def make(optimizer: Optimizer, total: int, epoch: int) -> LRScheduler:
        rising = LinearLR(optimizer, start, 1.0, steps)
        for group in optimizer.param_groups:  # what follows must see the whole rate, not the first one
            group["lr"] = group["initial_lr"]
        following = follow(optimizer, max(total - steps, 1), epoch)
        if isinstance(following, ReduceLROnPlateau):
            raise ValueError(
                "warmup cannot be followed by plateau, which is stepped by epochs; use cosine or stepwise."
            )
        return SequentialLR(optimizer, [rising, following], [steps])

    return make


def one_cycle(peak: float = 10.0, rise: float = 0.3) -> Schedule:
    """Rise from η₀ to `peak` times η₀, then fall to almost nothing, both along half a cosine.

    η₀ is where the cycle starts. Momentum (or Adam's β₁) runs the other way, between 0.95 and 0.85, where the
    optimizer has one.

    Args:
        peak: Highest rate over η₀, more than 1.
        rise: Share of the training that rises, in (0, 1).

    Raises:
        ValueError: If a number is out of range.

    Reference: Smith and Topin (2019), Super-convergence.
    Textbook: B29
    """
    if not peak > 1 or not 0 < rise < 1:
        raise ValueError(f"peak must be more than 1 and rise in (0, 1), got {peak} and {rise}.")

    def make(optimizer: Optimizer, steps: int, epoch: int) -> LRScheduler:
        highest = [peak * float(group["lr"]) for group in optimizer.param_groups]
        has_momentum = any(key in optimizer.param_groups[0] for key in ("momentum", "betas"))
        return OneCycleLR(
            optimizer, highest, steps + 1, pct_start=rise, div_factor=peak, cycle_momentum=has_momentum
        )  # one more than there are updates: it is stepped after the last one, too

    return make


def plateau(factor: float = 0.1, patience: int = 5) -> Schedule:
    """Multiply the rate by a factor when the validation loss has not fallen for more than `patience` epochs.

    Without validation data the mean training loss of the epoch decides.

    Raises:
        ValueError: If the factor is not in (0, 1) or the patience negative.

    Textbook: B29, C-§10.2.2
    """
    if not 0 < factor < 1 or patience < 0:
        raise ValueError(f"factor must be in (0, 1) and patience at least 0, got {factor} and {patience}.")
    return lambda optimizer, steps, epoch: ReduceLROnPlateau(optimizer, factor=factor, patience=patience)


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "constant": constant,
    "step": stepwise,
    "cosine": cosine,
    "one-cycle": one_cycle,
    "plateau": plateau,
}
"""Name ↦ what makes the schedule from its own options; `warmup` goes before any that is stepped by updates."""
