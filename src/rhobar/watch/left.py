"""How much of a task a training left: the question before a second look that costs steps."""

from rhobar.record import Training

__all__ = ["leaves"]


def leaves(training: Training, share: float, *, loss: float | None = None) -> bool:
    """Whether a loss leaves more than a share of what the best constant answer scores, both above a perfect answer's.

    Args:
        training: The training.
        share: Of the constant answer's loss; where that is unknown or no positive number, nothing is left.
        loss: The loss in question; the mean of the training's last tenth if not given.
    """
    targets, losses = training.targets, training.losses
    if targets is None or targets.constant_loss is None or targets.constant_loss <= 0 or not losses:
        return False
    if loss is None:
        tail = losses[-max(1, len(losses) // 10) :]
        loss = sum(tail) / len(tail)
    return loss - targets.floor_loss > share * (targets.constant_loss - targets.floor_loss)
